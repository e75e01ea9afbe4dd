import { expect, it } from 'vitest'
import { age, counted, share, span } from './words.ts'

/** No-break spaces are written as plain ones here, to be seen. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

it.each([
  [0, '0.0 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [59_600, '1 min'],
  [94_000, '1 min 34 s'],
  [3_599_600, '1 h'],
  [7_500_000, '2 h 5 min'],
  [86_399_000, '1 d'],
  [31 * 86_400_000, '31 d'],
])('writes %d ms as two units at most, and never as 60 of a unit', (ms, text) => {
  expect(plain(span(ms))).toBe(text)
})

it.each([
  [0, '0%'],
  [0.00001, 'under 0.01%'],
  [0.0016, '0.16%'],
  [0.12, '12%'],
  [0.9997, '99.9%'],
  [1, '100%'],
])('never rounds a share of %d to nothing or to everything', (value, text) => {
  expect(share(value)).toBe(text)
})

it('does not count tenths of seconds in what changes while one reads it', () => {
  expect([400, 4_900, 48_000].map((ms) => plain(age(ms)))).toEqual(['under 1 s', '4 s', '48 s'])
})

it('says one message and two messages', () => {
  expect([1, 2].map((n) => plain(counted(n, 'message')))).toEqual(['1 message', '2 messages'])
})
