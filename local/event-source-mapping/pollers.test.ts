import { expect, it } from 'vitest'
import { type Load, type PollerLimits, type Pollers, scalePollers, withinLimits } from './pollers.ts'

const short: Load = { wasShort: true, wasThrottled: false }
const quiet: Load = { wasShort: false, wasThrottled: false }
const throttled: Load = { wasShort: true, wasThrottled: true }
const limits: PollerLimits = { min: 1, max: 200, partitions: 100 }

/** The counts after each look. */
function scaled(from: number, loads: Load[], within = limits): number[] {
  let pollers: Pollers = { count: from, quietLooks: 0 }
  return loads.map((load) => {
    pollers = scalePollers(pollers, load, within)
    return pollers.count
  })
}

it('doubles while batches wait for a slot, up to the most that is set', () => {
  expect(scaled(1, [short, short, short, short], { ...limits, max: 7 })).toEqual([2, 4, 7, 7])
})

it('never has more pollers than partitions, nor less than one', () => {
  expect(scaled(4, [short, short], { ...limits, partitions: 6 })).toEqual([6, 6])
  expect(withinLimits(10, { min: 5, max: 20, partitions: 3 })).toBe(3)
  expect(withinLimits(10, { min: 5, max: 20, partitions: 0 })).toBe(1)
})

it('halves after three quiet minutes in a row, down to the least that is set', () => {
  const minutes = [quiet, quiet, quiet, quiet, quiet, quiet]
  expect(scaled(8, minutes, { ...limits, min: 3 })).toEqual([8, 8, 4, 4, 4, 3])
  expect(scaled(8, [quiet, quiet, short, quiet, quiet, quiet])).toEqual([8, 8, 16, 16, 16, 8])
})

it('halves at once when the function was throttled', () => {
  expect(scaled(8, [throttled, throttled])).toEqual([4, 2])
})

it('stays as it is when the least is the most', () => {
  expect(scaled(4, [short, throttled, quiet, quiet, quiet], { ...limits, min: 4, max: 4 })).toEqual([4, 4, 4, 4, 4])
})
