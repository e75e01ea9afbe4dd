import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryDirectory } from '../testing/temporary.ts'
import { baseOffsetAt, batchBytesAt } from './batch.ts'
import { type TopicConfigs, withDefaults } from './configs.ts'
import { crc32c } from './crc32c.ts'
import { PartitionLog } from './log.ts'

const open = (folder: string, configs: Partial<TopicConfigs> = {}) => new PartitionLog(folder, withDefaults(configs))
const one = (value: string, timestamp = 0) => buildBatch({ records: [{ value, timestamp }] })
const segmentFiles = (folder: string) =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))

/** Base offsets of the batches in what a read returned. */
function offsetsIn(read: Buffer): number[] {
  const offsets: number[] = []
  for (let at = 0; at < read.length; at += batchBytesAt(read, at)) offsets.push(baseOffsetAt(read, at))
  return offsets
}

describe('a partition log', () => {
  it('keeps records as they came and gives them the next offsets', () => {
    const log = open(temporaryDirectory())
    const batch = buildBatch({ records: [{ value: 'a' }, { value: 'b' }] })
    const records = Buffer.from(batch.subarray(61))
    expect(log.append(batch, 0)).toMatchObject({ kind: 'appended', baseOffset: 0 })
    expect(log.append(one('c'), 0)).toMatchObject({ kind: 'appended', baseOffset: 2 })
    expect(log.endOffset).toBe(3)
    const read = log.read(0, 1_000_000, true)
    expect(offsetsIn(read)).toEqual([0, 2])
    expect(read.subarray(61, 61 + records.length).equals(records)).toBe(true)
  })

  it('reads from the batch that holds the offset, across segments and index entries', () => {
    const folder = temporaryDirectory()
    const log = open(folder, { 'segment.bytes': 20_000 })
    for (let i = 0; i < 500; i++)
      log.append(buildBatch({ records: [{ value: 'x'.repeat(i % 300) }, { value: 'y' }] }), 0)
    expect(segmentFiles(folder).length).toBeGreaterThan(3)
    for (const reader of [log, open(folder)]) {
      for (let offset = 0; offset < 1000; offset++) {
        expect(offsetsIn(reader.read(offset, 1000, true))[0]).toBe(offset - (offset % 2))
      }
      expect(reader.read(1000, 1000, true)).toHaveLength(0)
    }
  })

  it('returns whole batches within the limit, and a first one that is larger only when asked', () => {
    const log = open(temporaryDirectory())
    for (const value of ['a', 'b', 'x'.repeat(20_000), 'c']) log.append(one(value), 0)
    expect(offsetsIn(log.read(0, 150, true))).toEqual([0, 1])
    expect(log.read(2, 1000, false)).toHaveLength(0)
    expect(offsetsIn(log.read(2, 1000, true))).toEqual([2])
  })

  it('refuses what Kafka refuses, and appends none of it', () => {
    const log = open(temporaryDirectory(), { 'max.message.bytes': 1000 })
    const flipped = one('a')
    flipped[65] = (flipped[65] as number) ^ 1
    const old = one('a')
    old[16] = 1
    const miscounted = buildBatch({ records: [{ value: 'a' }] })
    miscounted.writeInt32BE(7, 57)
    miscounted.writeUInt32BE(crc32c(miscounted.subarray(21)), 17)
    const boastful = buildBatch({ records: [{ value: 'a' }] })
    boastful.writeInt32BE(2_000_000_000, 57)
    boastful.writeInt32BE(1_999_999_999, 23)
    boastful.writeUInt32BE(crc32c(boastful.subarray(21)), 17)
    const refusals = [
      [flipped, 'CORRUPT_MESSAGE'],
      [old, 'UNSUPPORTED_FOR_MESSAGE_FORMAT'],
      [one('a').subarray(0, 40), 'CORRUPT_MESSAGE'],
      [Buffer.alloc(0), 'CORRUPT_MESSAGE'],
      [Buffer.concat([one('a'), one('b')]), 'INVALID_RECORD'],
      [miscounted, 'INVALID_RECORD'],
      [boastful, 'INVALID_RECORD'],
      [one('x'.repeat(2000)), 'MESSAGE_TOO_LARGE'],
    ] as const
    for (const [batch, error] of refusals) expect(log.append(batch, 0)).toMatchObject({ kind: 'refused', error })
    expect(log.endOffset).toBe(0)
  })

  it('finds records by time, inside compressed batches too', () => {
    const log = open(temporaryDirectory())
    log.append(buildBatch({ records: [100, 150, 200].map((timestamp) => ({ value: 'v', timestamp })) }), 0)
    log.append(gzipped(buildBatch({ records: [300, 350, 400].map((timestamp) => ({ value: 'v', timestamp })) })), 0)
    log.append(one('late', 50), 0)
    expect(log.offsetForTime(0)).toEqual({ offset: 0, timestamp: 100 })
    expect(log.offsetForTime(151)).toEqual({ offset: 2, timestamp: 200 })
    expect(log.offsetForTime(350)).toEqual({ offset: 4, timestamp: 350 })
    expect(log.offsetForTime(401)).toBeNull()
    expect(log.newestTime()).toEqual({ offset: 5, timestamp: 400 })
  })
})

function gzipped(batch: Buffer): Buffer {
  const packed = Buffer.concat([batch.subarray(0, 61), gzipSync(batch.subarray(61))])
  packed.writeInt32BE(packed.length - 12, 8)
  packed.writeInt16BE(1, 21)
  packed.writeUInt32BE(crc32c(packed.subarray(21)), 17)
  return packed
}

describe('recovery', () => {
  it('cuts an unfinished write off wherever it stopped, and goes on from there', () => {
    const folder = temporaryDirectory()
    const log = open(folder)
    for (const value of ['a', 'b']) log.append(one(value), 0)
    const whole = log.bytes
    log.append(one('never acknowledged'), 0)
    log.close()
    const [file] = segmentFiles(folder) as [string]
    const content = readFileSync(file)
    for (let cut = content.length - 1; cut > whole; cut--) {
      writeFileSync(file, content.subarray(0, cut))
      const reopened = open(folder)
      expect(reopened.tornBytes).toBe(cut - whole)
      expect(statSync(file).size).toBe(whole)
      expect(reopened.endOffset).toBe(2)
      reopened.close()
    }
    const reopened = open(folder)
    expect(reopened.append(one('c'), 0)).toMatchObject({ kind: 'appended', baseOffset: 2 })
    expect(offsetsIn(reopened.read(0, 1_000_000, true))).toEqual([0, 1, 2])
  })

  it('cuts zeros off, which a power failure leaves where pages were never written', () => {
    const folder = temporaryDirectory()
    open(folder).append(one('a'), 0)
    appendFileSync(segmentFiles(folder)[0] as string, Buffer.alloc(5000))
    expect(open(folder)).toMatchObject({ tornBytes: 5000, endOffset: 1 })
  })

  it('refuses to cut where acknowledged batches follow the damage, and names the file', () => {
    const folder = temporaryDirectory()
    const log = open(folder)
    for (const value of ['a', 'b', 'c']) log.append(one(value), 0)
    const [file] = segmentFiles(folder) as [string]
    const content = readFileSync(file)
    content[100] = (content[100] as number) ^ 1
    writeFileSync(file, content)
    expect(() => open(folder)).toThrow(`LOG_CORRUPT: ${file} is damaged at byte`)
  })

  it('refuses a log in which a segment ends too early or is missing', () => {
    const folder = temporaryDirectory()
    const log = open(folder, { 'segment.bytes': 100 })
    for (const value of ['a', 'b', 'c']) log.append(one(value), 0)
    const [, middle] = segmentFiles(folder) as [string, string]
    truncateSync(middle, 0)
    expect(() => open(folder)).toThrow('LOG_CORRUPT')
  })

  it('remembers idempotent producers: a batch sent again after a restart is not written twice', () => {
    const folder = temporaryDirectory()
    const from = (baseSequence: number, producerEpoch = 0) =>
      buildBatch({ records: [{ value: 'a' }, { value: 'b' }], producerId: 7, producerEpoch, baseSequence })
    const log = open(folder)
    for (const sequence of [0, 2, 4]) log.append(from(sequence), 0)
    for (const each of [log, open(folder)]) {
      expect(each.append(from(2), 0)).toEqual({ kind: 'duplicate', baseOffset: 2 })
      expect(each.append(from(8), 0)).toMatchObject({ kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
      expect(each.append(from(6, -1), 0)).toMatchObject({ kind: 'refused', error: 'INVALID_PRODUCER_EPOCH' })
      expect(each.endOffset).toBe(6)
    }
  })
})

describe('retention', () => {
  it('deletes old segments and keeps the offsets, over a restart too', () => {
    const folder = temporaryDirectory()
    const configs = { 'segment.bytes': 150, 'retention.ms': 1000 }
    const log = open(folder, configs)
    for (let i = 0; i < 10; i++) log.append(one('v', i * 100), 0)
    log.retain(1500)
    expect(log.startOffset).toBe(4)
    log.retain(10_000)
    expect([log.startOffset, log.endOffset, log.bytes]).toEqual([10, 10, 0])
    const reopened = open(folder, configs)
    expect([reopened.startOffset, reopened.endOffset]).toEqual([10, 10])
    expect(reopened.append(one('v', 20_000), 0)).toMatchObject({ kind: 'appended', baseOffset: 10 })
  })

  it('keeps at least retention.bytes', () => {
    const log = open(temporaryDirectory(), { 'segment.bytes': 100, 'retention.bytes': 200 })
    for (let i = 0; i < 10; i++) log.append(one('value', i), 0)
    log.retain(0)
    expect(log.bytes).toBeGreaterThanOrEqual(200)
    expect(log.startOffset).toBe(7)
  })

  it('bounds a log while it grows, whatever segment.bytes says: to twice retention.bytes at most', () => {
    const log = open(temporaryDirectory(), { 'retention.bytes': 4_000_000 })
    for (let i = 0; i < 100; i++) {
      log.append(one('x'.repeat(200_000)), 0)
      expect(log.bytes).toBeLessThanOrEqual(8_000_000)
    }
    expect(log.bytes).toBeGreaterThanOrEqual(4_000_000)
    expect([log.startOffset > 0, log.endOffset]).toEqual([true, 100])
  })
})
