import fc from 'fast-check'
import { expect, it } from 'vitest'
import { amountBucket, toCents } from './enrich.ts'

it.each([
  [0, 'low'],
  [49.99, 'low'],
  [50, 'mid'],
  [199.99, 'mid'],
  [200, 'high'],
])('%d is %s', (amount, bucket) => {
  expect(amountBucket(amount)).toBe(bucket)
})

it.each([
  [1.005, 101],
  [0.005, 1],
  [0.0049, 0],
  [19.99, 1999],
  [4.35, 435],
  [1e-7, 0],
  [1_000_000, 100_000_000],
])('%d dollars are %d cents, half away from zero on the digits that were sent', (amount, cents) => {
  expect(toCents(amount)).toBe(cents)
})

it('loses nothing of whole cents', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 100_000_000 }), (cents) => toCents(cents / 100) === cents))
})
