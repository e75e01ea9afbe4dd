import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { PollerScale } from './poller-scale.ts'
import type { Load } from './pollers.ts'

const quiet: Load = { wasShort: false, wasThrottled: false }
const short: Load = { wasShort: true, wasThrottled: false }

let load: Load
let partitions: number
let changes: number
let scale: PollerScale
beforeEach(() => {
  vi.useFakeTimers()
  load = quiet
  partitions = 100
  changes = 0
  scale = new PollerScale({
    min: 1,
    max: 8,
    partitions: () => partitions,
    takeLoad: () => {
      const taken = load
      load = quiet
      return taken
    },
    changed: () => {
      changes += 1
    },
  })
})
afterEach(() => {
  scale.close()
  vi.useRealTimers()
})

const minute = () => vi.advanceTimersByTime(60_000)

it('looks once a minute whether batches had to wait, and takes as many pollers again where they had', () => {
  load = short
  vi.advanceTimersByTime(59_999)
  expect([scale.count, changes]).toEqual([1, 0])
  vi.advanceTimersByTime(1)
  expect([scale.count, changes]).toEqual([2, 1])
  load = short
  minute()
  expect(scale.count).toBe(4)
})

it('gives half of them back after three minutes in which nothing waited', () => {
  load = short
  minute()
  load = short
  minute()
  const counts = [1, 2, 3].map(() => {
    minute()
    return scale.count
  })
  expect(counts).toEqual([4, 4, 2])
})

it('follows a rebalance at once: never more pollers than partitions', () => {
  load = short
  minute()
  load = short
  minute()
  partitions = 3
  expect(scale.count).toBe(3)
})

it('looks no more once it is closed', () => {
  scale.close()
  load = short
  vi.advanceTimersByTime(600_000)
  expect([scale.count, changes]).toEqual([1, 0])
})
