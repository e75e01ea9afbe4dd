// A set of ranges answers as a plain set of offsets does, and its changes turn the stored ranges into the new ones.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Range, RangeSet, runsOf } from './ranges.ts'

const offsets = fc.array(fc.nat(40), { maxLength: 30 })
const membersOf = (ranges: Range[]) =>
  ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index))
const ascending = (values: Iterable<number>) => [...new Set(values)].sort((a, b) => a - b)

it('cuts offsets in any order into stretches that neither overlap nor touch', () => {
  fc.assert(
    fc.property(offsets, (asked) => {
      const runs = runsOf(asked)
      expect(membersOf(runs)).toEqual(ascending(asked))
      for (const [index, { from }] of runs.entries()) expect(from).toBeGreaterThan(runs[index - 1]?.to ?? -1)
    }),
  )
})

it('needs only the ranges that the added offsets lie in or touch, and says how the stored ones change', () => {
  fc.assert(
    fc.property(offsets, offsets, (before, added) => {
      const stored = runsOf(before)
      const touched = stored.filter(({ from, to }) => added.some((offset) => offset >= from - 1 && offset <= to))
      const set = new RangeSet(touched)
      const known = new Set(before)
      for (const offset of added) {
        expect(set.has(offset)).toBe(known.has(offset))
        set.add(offset)
        known.add(offset)
      }
      const { removed, written } = set.changes()
      const after = new Map(stored.map(({ from, to }) => [from, to]))
      for (const from of removed) after.delete(from)
      for (const { from, to } of written) after.set(from, to)
      const ranges = [...after].map(([from, to]) => ({ from, to })).sort((a, b) => a.from - b.from)
      expect(ranges).toEqual(runsOf(ascending(known)))
    }),
  )
})
