// What was read once is read again when it has changed, and what is kept does not grow without end.
import { expect, it } from 'vitest'
import type { Rollup } from './figures.ts'
import { keptRollups } from './kept-rollups.ts'

const rollupOf = (events: number, rows: number): Rollup => {
  const sum = { eventType: 'view', region: null, amountBucket: 'low', events, amountCents: 0 }
  return { fromMs: 0, toMs: 1, distinctUsers: null, sums: Array.from({ length: rows }, () => sum) }
}

/** Counts how often each span is read. */
function reading(rows: number, sumsMax: number) {
  const kept = keptRollups(sumsMax)
  const read: string[] = []
  const ask = (key: string, events: number) =>
    kept.of(key, events, () => {
      read.push(key)
      return rollupOf(events, rows)
    })
  return { ask, read }
}

it('reads a span again once it counts more events', () => {
  const { ask, read } = reading(1, 10)
  expect(ask('a', 3).sums[0]?.events).toBe(3)
  expect(ask('a', 3).sums[0]?.events).toBe(3)
  expect(ask('a', 4).sums[0]?.events).toBe(4)
  expect(read).toEqual(['a', 'a'])
})

it('lets the span go that was asked for longest ago', () => {
  const { ask, read } = reading(4, 8)
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) ask(key, 1)
  expect(read).toEqual(['a', 'b', 'c', 'b'])
})

it('keeps nothing that is larger than all it may keep', () => {
  const { ask, read } = reading(9, 8)
  ask('a', 1)
  ask('a', 1)
  expect(read).toEqual(['a', 'a'])
})
