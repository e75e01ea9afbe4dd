import fc from 'fast-check'
import { expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryDirectory } from '../testing/temporary.ts'
import { readHeader } from './batch.ts'
import { withDefaults } from './configs.ts'
import { PartitionLog } from './log.ts'

/** What a partition is, in the plainest terms: who wrote what at which offset, and which transactions are open. */
interface Model {
  records: { producerId: number; marker: boolean; aborted: boolean }[]
  open: Map<number, number>
  start: number
}

const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('transact' as const), producerId: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      producerId: fc.integer({ min: 1, max: 3 }),
      committed: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), share: fc.nat({ max: 100 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'kill' as const) }) },
)

/** A few batches each: segments are rolled often. */
const configs = withDefaults({ 'segment.bytes': 300 })

it('is what a plain list of records would be, over restarts and kills, for readers of all and of committed records', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const folder = temporaryDirectory()
      let log = new PartitionLog(folder, configs)
      const model: Model = { records: [], open: new Map(), start: 0 }
      const sequences = new Map<number, number>()
      for (const each of actions) {
        const end = model.records.length
        if (each.kind === 'append') {
          const records = Array.from({ length: each.count }, () => ({ value: 'v' }))
          log.append(buildBatch({ records }), 0)
          for (const _ of records) model.records.push({ producerId: -1, marker: false, aborted: false })
        } else if (each.kind === 'transact') {
          const { producerId } = each
          const baseSequence = sequences.get(producerId) ?? 0
          sequences.set(producerId, baseSequence + 1)
          const sequenced = { producerId, producerEpoch: 0, baseSequence, transactional: true }
          log.append(buildBatch({ records: [{ value: 't' }], ...sequenced }), 0)
          model.records.push({ producerId, marker: false, aborted: false })
          if (!model.open.has(producerId)) model.open.set(producerId, end)
        } else if (each.kind === 'end') {
          const { producerId, committed } = each
          log.appendMarker({ producerId, producerEpoch: 0, committed }, 0)
          const from = model.open.get(producerId) ?? end
          const own = model.records.slice(from).filter((record) => record.producerId === producerId && !record.marker)
          if (!committed) for (const record of own) record.aborted = true
          model.open.delete(producerId)
          model.records.push({ producerId, marker: true, aborted: false })
        } else if (each.kind === 'delete') {
          const before = Math.floor((end * each.share) / 100)
          log.deleteBefore(before)
          model.start = Math.max(model.start, before)
        } else {
          if (each.kind === 'restart') log.seal(1)
          log.close()
          log = new PartitionLog(folder, configs)
        }
        compare(log, model)
      }
      log.close()
    }),
    {
      numRuns: 40,
      // Once a restart forgot an open transaction whose segment had been deleted.
      examples: [[[{ kind: 'transact', producerId: 2 }, { kind: 'delete', share: 100 }, { kind: 'restart' }]]],
    },
  )
})

function compare(log: PartitionLog, { records, open, start }: Model): void {
  const stable = Math.max(start, Math.min(records.length, ...open.values()))
  expect([log.startOffset, log.stableOffset, log.endOffset]).toEqual([start, stable, records.length])
  expect(visible(log, log.endOffset, false)).toEqual(offsetsOf(records, start, records.length, () => true))
  expect(visible(log, stable, true)).toEqual(offsetsOf(records, start, stable, ({ aborted }) => !aborted))
}

type ModelRecord = Model['records'][number]

function offsetsOf(records: ModelRecord[], from: number, to: number, wanted: (record: ModelRecord) => boolean) {
  return records.flatMap((record, offset) => {
    return offset >= from && offset < to && !record.marker && wanted(record) ? [offset] : []
  })
}

/** Offsets of the records that a client would deliver, reading batch by batch. */
function visible(log: PartitionLog, end: number, committedOnly: boolean): number[] {
  const offsets: number[] = []
  for (let next = log.startOffset; next < end; ) {
    const batch = log.read(next, 1, true, end)
    const { baseOffset, lastOffset, isControl, isTransactional, producerId } = readHeader(batch, 0)
    const aborted = log
      .abortedBetween(baseOffset, lastOffset + 1)
      .some((each) => each.producerId === producerId && each.firstOffset <= baseOffset)
    const hidden = isControl || (committedOnly && isTransactional && aborted)
    for (let offset = Math.max(next, baseOffset); offset <= lastOffset; offset++) if (!hidden) offsets.push(offset)
    next = lastOffset + 1
  }
  return offsets
}
