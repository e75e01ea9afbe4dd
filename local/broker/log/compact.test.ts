import fc from 'fast-check'
import { expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryDirectory } from '../testing/temporary.ts'
import { headerBytes, readHeader } from './batch.ts'
import { compact } from './compact.ts'
import { type TopicConfigs, withDefaults } from './configs.ts'
import { PartitionLog } from './log.ts'
import { recordsOf } from './records.ts'

const compacting = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': 0 } as const
const open = (folder: string, configs: Partial<TopicConfigs> = {}) => {
  return new PartitionLog(folder, withDefaults({ ...compacting, 'segment.ms': 1000, ...configs }))
}

/** What a reader finds from offset 0 on: offsets with keys, `-` for one without a value. */
function contents(log: PartitionLog): string[] {
  const found: string[] = []
  for (let next = log.startOffset; next < log.endOffset; ) {
    const batch = log.read(next, headerBytes, true)
    const header = readHeader(batch, 0)
    for (const { offsetDelta, key, isTombstone } of header.isControl ? [] : (recordsOf(batch, header) ?? [])) {
      found.push(`${header.baseOffset + offsetDelta}:${key}${isTombstone ? '-' : ''}`)
    }
    next = header.lastOffset + 1
  }
  return found
}

const keyed = (...keys: string[]) => at(0, ...keys)

/** A second or more later than the segment's first record, it begins the next segment. */
const at = (timestamp: number, ...keys: string[]) => {
  return buildBatch({ records: keys.map((key) => ({ key, value: 'v', timestamp })) })
}

it('keeps the newest record of each key at its offset, in closed segments, over a restart too', async () => {
  const folder = temporaryDirectory()
  const log = open(folder)
  for (const keys of [['a', 'b'], ['a', 'c'], ['a', 'd'], ['b'], ['a', 'e'], ['a']]) log.append(keyed(...keys), 0)
  log.append(at(5000, 'b'), 5000)
  const { endOffset } = log
  await compact(log, 0, 0)
  const kept = contents(log)
  expect(kept).toEqual(['3:c', '5:d', '6:b', '8:e', '9:a', '10:b'])
  log.close()
  const reopened = open(folder)
  expect(contents(reopened)).toEqual(kept)
  expect(reopened.endOffset).toBe(endOffset)
  expect(reopened.append(keyed('z'), 0)).toMatchObject({ baseOffset: endOffset })
})

it('drops a deleted key once its tombstone is older than delete.retention.ms', async () => {
  const log = open(temporaryDirectory(), { 'delete.retention.ms': 1000 })
  log.append(keyed('a', 'b'), 0)
  log.append(buildBatch({ records: [{ key: 'a', value: null, timestamp: 500 }] }), 500)
  log.append(keyed('c'), 0)
  log.append(at(5000, 'd'), 5000)
  const cleanedTo = await compact(log, 0, 1400)
  expect(contents(log)).toEqual(['1:b', '2:a-', '3:c', '4:d'])
  log.append(at(9000, 'e'), 9000)
  await compact(log, cleanedTo, 1600)
  expect(contents(log)).toEqual(['1:b', '3:c', '4:d', '5:e'])
})

it('never lets an aborted record hide a committed one, and waits for open transactions', async () => {
  const log = open(temporaryDirectory())
  const producer = { producerId: 7, producerEpoch: 0 }
  log.append(keyed('a', 'b'), 0)
  const records = [{ key: 'a', value: 'never' }]
  log.append(buildBatch({ records, ...producer, baseSequence: 0, transactional: true }), 0)
  log.append(keyed('c'), 0)
  log.append(at(5000, 'd'), 5000)
  expect(await compact(log, 0, 0)).toBe(0)
  log.appendMarker({ ...producer, committed: false }, 5000)
  expect(await compact(log, 0, 0)).toBe(4)
  expect(contents(log)).toEqual(['0:a', '1:b', '3:c', '4:d'])
})

it('gives way to retention, which may delete a segment while it is being compacted', async () => {
  const folder = temporaryDirectory()
  const log = open(folder, { 'cleanup.policy': 'compact,delete', 'retention.ms': 10_000 })
  const value = 'x'.repeat(400_000)
  const large = (timestamp: number) => buildBatch({ records: [{ key: 'a', value, timestamp }] })
  for (const timestamp of [0, 1, 2, 3, 4, 5, 5000, 5001, 5002, 5003, 60_000]) log.append(large(timestamp), timestamp)
  const compacting = compact(log, 0, 60_000)
  log.retain(60_000)
  await compacting
  expect([log.startOffset, log.endOffset]).toEqual([10, 11])
  log.close()
  expect(open(folder)).toMatchObject({ startOffset: 10, endOffset: 11 })
})

it('leaves a reader of any history with the same last value per key', async () => {
  const batches = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 30,
  })
  const lastOf = (read: string[]) => new Map(read.map((each) => each.split(':').reverse() as [string, string]))
  await fc.assert(
    fc.asyncProperty(batches, async (given) => {
      const log = open(temporaryDirectory(), { 'segment.bytes': 400 })
      for (const keys of given) log.append(keyed(...keys), 0)
      const before = contents(log)
      await compact(log, 0, 0)
      const after = contents(log)
      expect(lastOf(after)).toEqual(lastOf(before))
      expect(before).toEqual(expect.arrayContaining(after))
      log.close()
    }),
    { numRuns: 50 },
  )
})
