import { expect, it } from 'vitest'
import type { Journey } from '../../functions/api/schemas/journey.ts'
import { companyOf, later, legsOf } from './journey.ts'

const step = (name: Journey['steps'][number]['name'], at: string | null, state: 'done' | 'open' = 'done') => ({
  name,
  at,
  state,
  text: '',
})

it('says how long each step took, passing over those whose time nobody kept', () => {
  const steps = [
    step('produced', '2026-11-23T05:03:36.255Z'),
    step('appended', '2026-11-23T05:03:36.258Z'),
    step('delivered', null),
    step('settled', '2026-11-23T05:03:38.258Z'),
    step('counted', null, 'open'),
  ]
  expect(legsOf({ steps } as Journey).map(({ name, after }) => [name, after])).toEqual([
    ['Produced', ''],
    ['In Kafka', '+3\u00a0ms'],
    ['Handed over', ''],
    ['Settled', '+2.0\u00a0s'],
    ['Counted', ''],
  ])
})

it('shows clocks that disagree as they are', () => {
  expect(later(-7)).toBe('−7\u00a0ms')
})

it('names the company it was settled in, and the figures it stands in', () => {
  const rollups = [
    { unit: 'second', by: 'arrival', from: '', to: '' },
    { unit: 'minute', by: 'event time', from: '', to: '' },
    { unit: 'hour', by: 'event time', from: '', to: '' },
  ]
  const batch = { at: '', firstSeq: 1, lastSeq: 15, events: 14, deadLetters: 1 }
  expect(companyOf({ batch, rollups, attempts: null } as unknown as Journey)).toEqual([
    'One transaction settled it with 14 others.',
    'Counted in its second by arrival, and its minute, hour by its own time.',
  ])
})
