// Decodes record batches: what Kafka keeps and hands out, a header and records that may be packed together.
// https://kafka.apache.org/documentation/#recordbatch
import { createRequire } from 'node:module'
import type { KafkaMessage } from '../to-event.ts'
import { WireReader } from './wire-reader.ts'

// Required, not imported: Node reads an imported CommonJS module with a lexer of its own first, which costs time at the start.
const { crc32c } = createRequire(import.meta.url)('@node-rs/crc32') as typeof import('@node-rs/crc32')

const headerBytes = 61
/** The length field counts what follows it. */
const lengthEnd = 12
const magicAt = 16
/** The checksum covers what follows it. */
const checksumAt = 17
const checksumEnd = 21

export interface RecordBatch {
  firstOffset: number
  lastOffset: number
  /** None for records as they are, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  codec: number
  isControl: boolean
  isTransactional: boolean
  producerId: bigint
  recordCount: number
  /** Of all its records, when Kafka sets their timestamps; null when producers do. */
  appendTime: string | null
  baseOffset: bigint
  baseTimestamp: bigint
  /** All of it. */
  bytes: Buffer
  /** What is behind the header, packed or not. */
  records: Buffer
}

/** Are these batches of Kafka 0.11 or newer? Older ones have another form. */
export function isRecordBatch(bytes: Buffer): boolean {
  return bytes.length <= magicAt || bytes[magicAt] === 2
}

/** The batches that lie in a row, without the last one when it was cut off. */
export function* batchesIn(bytes: Buffer): Generator<RecordBatch> {
  for (let at = 0; bytes.length - at >= headerBytes; ) {
    const length = bytes.readInt32BE(at + lengthEnd - 4) + lengthEnd
    if (length < headerBytes || at + length > bytes.length) return
    yield batchOf(bytes.subarray(at, at + length))
    at += length
  }
}

function batchOf(bytes: Buffer): RecordBatch {
  const baseOffset = bytes.readBigInt64BE(0)
  const attributes = bytes.readInt16BE(21)
  const firstOffset = Number(baseOffset)
  return {
    firstOffset,
    lastOffset: firstOffset + bytes.readInt32BE(23),
    codec: attributes & 0x07,
    isControl: (attributes & 0x20) !== 0,
    isTransactional: (attributes & 0x10) !== 0,
    producerId: bytes.readBigInt64BE(43),
    recordCount: bytes.readInt32BE(57),
    appendTime: (attributes & 0x08) === 0 ? null : String(bytes.readBigInt64BE(35)),
    baseOffset,
    baseTimestamp: bytes.readBigInt64BE(27),
    bytes,
    records: bytes.subarray(headerBytes),
  }
}

/** Are its bytes those that its producer sent, or its broker wrote? */
export function isIntact({ bytes }: RecordBatch): boolean {
  return crc32c(bytes.subarray(checksumEnd)) === bytes.readUInt32BE(checksumAt)
}

/**
 * The records from offset `from` on, at most `countMax`; `unpacked` are the batch's records.
 *
 * @throws Error when the bytes are no records, or fewer than the batch says
 */
export function readRecords(batch: RecordBatch, unpacked: Buffer, from: number, countMax: number): KafkaMessage[] {
  const { recordCount, firstOffset, appendTime } = batch
  const reader = new WireReader(unpacked)
  const offsetText = adderTo(batch.baseOffset)
  const timestampText = adderTo(batch.baseTimestamp)
  const batchContext = { timestampType: appendTime === null ? 0 : 1 }
  const messages: KafkaMessage[] = []
  for (let index = 0; index < recordCount && messages.length < countMax; index += 1) {
    const length = reader.varint()
    const end = reader.at + length
    if (length < 0 || end > unpacked.length) throw new Error(`record ${index} of ${recordCount} is not whole`)
    // Attributes, of which no version of Kafka uses a bit.
    reader.at += 1
    const timestampDelta = reader.varlong()
    const offsetDelta = reader.varint()
    if (firstOffset + offsetDelta < from) {
      reader.at = end
      continue
    }
    const timestamp = appendTime ?? timestampText(timestampDelta)
    const [key, value] = [bytesOrNull(reader), bytesOrNull(reader)]
    messages.push({ offset: offsetText(offsetDelta), timestamp, key, value, headers: headersIn(reader), batchContext })
    if (reader.at !== end) throw new Error(`record ${index} of ${recordCount} has another length than it says`)
  }
  return messages
}

const noHeaders: NonNullable<KafkaMessage['headers']> = []

function headersIn(reader: WireReader): NonNullable<KafkaMessage['headers']> {
  const count = reader.varint()
  if (count === 0) return noHeaders
  if (count < 0 || count > reader.bytes.length) throw new Error(`a record claims ${count} headers`)
  return Array.from({ length: count }, () => [reader.take(reader.varint()).toString(), bytesOrNull(reader)] as const)
}

function bytesOrNull(reader: WireReader): Buffer | null {
  const length = reader.varint()
  return length === -1 ? null : reader.take(length)
}

/** Adds to a base of 64 bits. The text has all digits, also where a double would lose some. */
function adderTo(base: bigint): (delta: number | bigint) => string {
  const near = Number(base)
  const isExact = Math.abs(near) < Number.MAX_SAFE_INTEGER / 2
  return (delta) => (isExact && typeof delta === 'number' ? String(near + delta) : String(base + BigInt(delta)))
}
