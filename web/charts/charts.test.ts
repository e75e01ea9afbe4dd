import { expect, it } from 'vitest'
import { areaPath, linePath, minuteTicks, niceTicks } from './scale.ts'
import { errorShare, stepsOf } from './steps.ts'

const same = (value: number) => value

it('breaks the line where nothing is known, and never draws the gap as zero', () => {
  const points = [
    { at: 0, value: 5 },
    { at: 1, value: null },
    { at: 2, value: 7 },
    { at: 3, value: 8 },
  ]
  expect(linePath(points, same, same)).toBe('M0 5M2 7L3 8')
  expect(areaPath(points, same, same, 0)).toBe('M0 0L0 5L0 0ZM2 0L2 7L3 8L3 0Z')
})

it.each([
  [0, 4, [0, 2, 4, 6]],
  [10, 4, [0, 5, 10, 15]],
  [12.5, 4, [0, 5, 10, 15]],
  [9_700, 4, [0, 5_000, 10_000, 15_000]],
  [0.03, 0.01, [0, 0.01, 0.02, 0.03, 0.04]],
])('ends the scale a little above %d on round numbers', (max, floor, ticks) => {
  expect(niceTicks(max, floor)).toEqual(ticks)
})

it('marks whole minutes, fewer of them where there is little room', () => {
  const [from, to] = [90_000, 390_000]
  expect(minuteTicks(from, to, 6).map((at) => at / 60_000)).toEqual([2, 3, 4, 5, 6])
  expect(minuteTicks(from, to, 3).map((at) => at / 60_000)).toEqual([2, 4, 6])
})

const seconds = (events: number[], from = 0) =>
  events.map((each, i) => ({ at: from + i * 1000, events: each, deadLetters: i === 3 ? 2 : 0 }))

it('averages events and sums dead letters, so that a single one is never averaged away', () => {
  const steps = stepsOf(seconds([10, 12, 8, 0]), 0, 4_000, 2_000)
  expect(steps).toEqual([
    { at: 0, eventsPerSecond: 11, deadLetters: 0 },
    { at: 2_000, eventsPerSecond: 4, deadLetters: 2 },
  ])
})

it('leaves a step out of which nothing is known, and one that is not over', () => {
  expect(stepsOf(seconds([10, 12]), 0, 5_999, 2_000).map(({ eventsPerSecond }) => eventsPerSecond)).toEqual([11, null])
})

it('keeps the shape of the line as time goes on: the same seconds make the same steps', () => {
  const known = seconds([1, 2, 3, 4, 5, 6])
  const now = stepsOf(known, 0, 6_000, 2_000)
  expect(stepsOf(known, 1_000, 6_000, 2_000)).toEqual(now.slice(1))
})

it('counts dead letters against all records of the range', () => {
  expect(errorShare(seconds([10, 10, 10, 10]), 1_000, 4_000)).toEqual({ deadLetters: 2, records: 32 })
})

it('leaves no second over at the end where the end is the origin', () => {
  const steps = stepsOf(seconds([10, 12, 8, 4, 2]), 1_000, 5_000, 2_000, 5_000)
  expect(steps.map(({ at, eventsPerSecond }) => [at, eventsPerSecond])).toEqual([
    [1_000, 10],
    [3_000, 3],
  ])
})
