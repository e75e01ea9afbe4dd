import { expect, it } from 'vitest'
import type { Abandonment, AbandonmentRegion } from '../../functions/api/schemas/abandonment.ts'
import { abandonmentSentence, regionWords } from './abandonment.ts'

const told = (change: Partial<Abandonment>) =>
  ({
    decided: 200,
    abandoned: 31,
    incidents: [],
    offers: { made: 0, published: 0, waiting: 0 },
    ...change,
  }) as Abandonment
const region = (change: Partial<AbandonmentRegion>) =>
  ({ state: 'normal', rate: 0.31, baseline: 0.12, score: 4.25, ...change }) as AbandonmentRegion

it('names the regions of open spikes, and what was offered', () => {
  const incidents = [
    { region: 'AU-WA', closedAt: null },
    { region: 'AU-VIC', closedAt: '2026-11-23T05:00:00Z' },
  ] as Abandonment['incidents']
  expect(abandonmentSentence(told({ incidents, offers: { made: 12, published: 11, waiting: 1 } }))).toBe(
    '31 of 200\u00a0carts abandoned, a spike in AU-WA; 12\u00a0offers made, 11 sent.',
  )
  expect(abandonmentSentence(told({}))).toContain('no spike now')
  expect(abandonmentSentence(told({ decided: 0 }))).toMatch(/^No cart was decided yet/)
})

it('says how far a region is from what is usual, and when it cannot', () => {
  expect(regionWords(region({}))).toBe('31%, 4.3 spreads above its usual 12%')
  expect(regionWords(region({ score: -1 }))).toBe('31%, 1.0 spreads below its usual 12%')
  expect(regionWords(region({ state: 'learning' }))).toBe('31%, still learning what is usual')
  expect(regionWords(region({ rate: null }))).toBe('too few carts to judge')
})
