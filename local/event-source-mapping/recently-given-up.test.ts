import { expect, it } from 'vitest'
import type { Happening } from './happening.ts'
import { type GivenUp, withGivenUp } from './recently-given-up.ts'

const taken: Happening = {
  t: 1,
  type: 'onFailure',
  records: { 't-0': [4, 6] },
  condition: 'RetryAttemptsExhausted',
  destination: 'kafka://failures',
}
const lost: Happening = {
  t: 2,
  type: 'dropped',
  records: { 't-1': [9] },
  reason: 'RecordAgeExceeded',
  detail: '',
  deliveryError: 'no such topic',
}

it('keeps what was given up last, with where it is or why it is lost', () => {
  const happened: Happening[] = [taken, { t: 1, type: 'commit', offsets: {} }, lost]
  expect(happened.reduce<GivenUp[]>(withGivenUp, [])).toEqual([
    {
      at: 2,
      condition: 'RecordAgeExceeded',
      records: { 't-1': { first: 9, last: 9, count: 1 } },
      destination: null,
      deliveryError: 'no such topic',
    },
    {
      at: 1,
      condition: 'RetryAttemptsExhausted',
      records: { 't-0': { first: 4, last: 6, count: 2 } },
      destination: 'kafka://failures',
      deliveryError: null,
    },
  ])
})

it('keeps ten', () => {
  const many = Array.from({ length: 30 }, (_, t): Happening => ({ ...taken, t }))
  expect(many.reduce<GivenUp[]>(withGivenUp, []).map(({ at }) => at)).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20])
})
