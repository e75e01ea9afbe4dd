import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BatchLimits, nextCut, type WaitingPartition } from './batch.ts'
import { recordBytes, sliceBytes } from './to-event.ts'

const limits: BatchLimits = { recordsMax: 10, windowMs: 500, bytesMax: 1_000 }

/** A partition with records of these sizes in an event; null is one that fits into none. */
function waiting(key: string, sizes: (number | null)[], arrivedMs = 0, freeSinceMs: number | null = null) {
  const records = sizes.map((size, offset) => {
    const fit = { offset, arrivedMs, timestamp: '0', json: 'x'.repeat((size ?? 1) - 1), unfit: null }
    return size === null ? { ...fit, json: null, unfit: 'MaximumPayloadSizeExceeded' as const } : fit
  })
  const bytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  return { key, records, bytes, freeSinceMs } satisfies WaitingPartition
}
const tens = (count: number) => Array<number>(count).fill(10)

describe('when', () => {
  it('waits for ever for nothing', () => {
    expect(nextCut([], limits, 0)).toEqual({ kind: 'wait', until: null })
  })

  it('waits for the window that began with the oldest record', () => {
    expect(nextCut([waiting('t-0', tens(3), 100), waiting('t-1', tens(3), 50)], limits, 549)).toEqual({
      kind: 'wait',
      until: 550,
    })
    expect(nextCut([waiting('t-0', tens(3), 100)], limits, 600)).toMatchObject({ kind: 'batch' })
  })

  it('begins the window anew when the last batch of the partition is over', () => {
    expect(nextCut([waiting('t-0', tens(3), 100, 300)], limits, 700)).toEqual({ kind: 'wait', until: 800 })
  })

  it('waits for nothing with a window of 0', () => {
    expect(nextCut([waiting('t-0', tens(1), 100)], { ...limits, windowMs: 0 }, 100)).toMatchObject({ kind: 'batch' })
  })

  it('does not wait for the window once the records of all partitions make a batch', () => {
    expect(nextCut([waiting('t-0', tens(5)), waiting('t-1', tens(5))], limits, 1)).toMatchObject({ kind: 'batch' })
    expect(nextCut([waiting('t-0', tens(5)), waiting('t-1', tens(4))], limits, 1)).toMatchObject({ kind: 'wait' })
  })

  it('does not wait for the window once the payload is full', () => {
    expect(nextCut([waiting('t-0', [500, 600])], limits, 1)).toEqual({
      kind: 'batch',
      takes: [{ key: 't-0', count: 1 }],
    })
  })

  it('gives up a record that fits into no invocation at its turn, and not before, with those like it that follow', () => {
    const dropLast = waiting('t-0', [10, null])
    expect(nextCut([dropLast], limits, 500)).toEqual({ kind: 'batch', takes: [{ key: 't-0', count: 1 }] })
    expect(nextCut([waiting('t-0', [null, 10])], limits, 0)).toEqual({
      kind: 'unfit',
      key: 't-0',
      count: 1,
      condition: 'MaximumPayloadSizeExceeded',
    })
  })
})

describe('what', () => {
  it('takes the longest waiting partition first and fills up with the next', () => {
    const cut = nextCut(
      [waiting('t-0', tens(6), 20), waiting('t-1', tens(6), 10), waiting('t-2', tens(6), 30)],
      limits,
      30,
    )
    expect(cut).toEqual({
      kind: 'batch',
      takes: [
        { key: 't-1', count: 6 },
        { key: 't-0', count: 4 },
      ],
    })
  })

  it('leaves the other partitions free once one has filled it', () => {
    expect(nextCut([waiting('t-0', [900, 900], 0), waiting('t-1', [20], 1)], limits, 1)).toEqual({
      kind: 'batch',
      takes: [{ key: 't-0', count: 1 }],
    })
  })

  it('never goes over a limit, never takes nothing, and takes each partition from its head', () => {
    const size = fc.option(fc.integer({ min: 3, max: 900 }), { freq: 10 })
    const partitions = fc.array(fc.array(size, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(partitions, fc.integer({ min: 1, max: 40 }), (sizes, recordsMax) => {
        const all = sizes.map((one, index) => waiting(`t-${index}`, one, index))
        const cut = nextCut(all, { ...limits, recordsMax }, 10_000)
        if (cut.kind !== 'batch') {
          expect(all.some(({ records }) => records[0]?.json === null)).toBe(true)
          return
        }
        const taken = cut.takes.map(({ key, count }) => ({
          key,
          records: all.find((one) => one.key === key)?.records.slice(0, count) ?? [],
        }))
        expect(new Set(taken.map(({ key }) => key)).size).toBe(taken.length)
        expect(taken.flatMap(({ records }) => records).length).toBeGreaterThan(0)
        expect(taken.flatMap(({ records }) => records).length).toBeLessThanOrEqual(recordsMax)
        const bytes = taken.reduce(
          (sum, { key, records }) => sum + sliceBytes(key) + records.reduce((n, record) => n + recordBytes(record), 0),
          0,
        )
        expect(bytes).toBeLessThanOrEqual(limits.bytesMax)
        expect(taken.flatMap(({ records }) => records).every(({ json }) => json !== null)).toBe(true)
      }),
    )
  })
})
