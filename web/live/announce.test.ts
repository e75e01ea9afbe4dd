import { expect, it } from 'vitest'
import type { Verdict } from '../../functions/status/facts.ts'
import { announce, nothingSaid } from './announce.ts'

const verdict = (kind: Verdict['kind'], headline: string) => ({ kind, headline, next: 'Next.' }) as Verdict

it('speaks when the kind of verdict changes, and keeps still while only its figures move', () => {
  const first = announce(nothingSaid, verdict('flowing', 'Flowing. 10/s.'), 0)
  expect(first.text).toBe('Flowing. 10/s. Next.')
  expect(announce(first, verdict('flowing', 'Flowing. 11/s.'), 60_000)).toBe(first)
})

it('says at most one message in ten seconds, and then the latest', () => {
  const first = announce(nothingSaid, verdict('flowing', 'Flowing.'), 0)
  expect(announce(first, verdict('stuck', 'Stuck.'), 9_999)).toBe(first)
  expect(announce(first, verdict('catching-up', 'Behind.'), 10_000).text).toBe('Behind. Next.')
})
