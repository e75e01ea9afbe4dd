// The 61-byte header of a record batch (magic 2), read in place. https://kafka.apache.org/documentation/#recordbatch

import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { crc32c } from './crc32c.ts'

/** A batch is never shorter than its header. */
export const headerBytes = 61

/** Base offset and length precede what the length counts. */
export const lengthPrefixBytes = 12

/** Where each field lies. */
export const at = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
} as const

/** The fields of one batch's header. Times are milliseconds since 1970. */
export interface BatchHeader {
  baseOffset: number
  lastOffset: number
  /** Size of the whole batch, header included. */
  bytes: number
  attributes: number
  baseTimestamp: number
  maxTimestamp: number
  /** -1 when the producer is not idempotent. */
  producerId: number
  producerEpoch: number
  baseSequence: number
  count: number
  isTransactional: boolean
  /** Written by the broker: the end of a transaction. */
  isControl: boolean
}

/** Attribute bits 0 to 2 name the codec. */
export const compressionOf = (header: BatchHeader): number => header.attributes & 0x07
/** Bit 3: the broker's time counts for all records, and stands in maxTimestamp. */
const logAppendTimeBit = 0x08
export const hasLogAppendTime = (header: BatchHeader): boolean => (header.attributes & logAppendTimeBit) !== 0
const transactionalBit = 0x10
const controlBit = 0x20

/** Size of the batch that begins at `from`, or NaN when fewer than 12 bytes are left to tell. */
export function batchBytesAt(buffer: Buffer, from: number): number {
  return buffer.length - from < lengthPrefixBytes
    ? Number.NaN
    : buffer.readInt32BE(from + at.length) + lengthPrefixBytes
}

export function int64At(buffer: Buffer, from: number): number {
  return buffer.readInt32BE(from) * 0x1_0000_0000 + buffer.readUInt32BE(from + 4)
}

/** First offset of the batch that begins at `from`. */
export const baseOffsetAt = (buffer: Buffer, from: number): number => int64At(buffer, from + at.baseOffset)

/** Last offset of the batch that begins at `from`. */
export const lastOffsetAt = (buffer: Buffer, from: number): number =>
  baseOffsetAt(buffer, from) + buffer.readInt32BE(from + at.lastOffsetDelta)

export function readHeader(buffer: Buffer, from: number): BatchHeader {
  const baseOffset = baseOffsetAt(buffer, from)
  const attributes = buffer.readInt16BE(from + at.attributes)
  return {
    baseOffset,
    lastOffset: baseOffset + buffer.readInt32BE(from + at.lastOffsetDelta),
    bytes: buffer.readInt32BE(from + at.length) + lengthPrefixBytes,
    attributes,
    baseTimestamp: int64At(buffer, from + at.baseTimestamp),
    maxTimestamp: int64At(buffer, from + at.maxTimestamp),
    producerId: int64At(buffer, from + at.producerId),
    producerEpoch: buffer.readInt16BE(from + at.producerEpoch),
    baseSequence: buffer.readInt32BE(from + at.baseSequence),
    count: buffer.readInt32BE(from + at.count),
    isTransactional: (attributes & transactionalBit) !== 0,
    isControl: (attributes & controlBit) !== 0,
  }
}

/** Whether a whole batch of magic 2 with the right CRC begins at `from`. */
export function isWholeBatch(buffer: Buffer, from: number): boolean {
  const bytes = batchBytesAt(buffer, from)
  if (!(bytes >= headerBytes) || from + bytes > buffer.length) return false
  if (buffer[from + at.magic] !== 2) return false
  return crc32c(buffer.subarray(from + at.attributes, from + bytes)) === buffer.readUInt32BE(from + at.crc)
}

/** Gives a batch its place in the log. Neither field is under the CRC, so the records stay as they came. */
export function place(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
  const high = Math.floor(baseOffset / 0x1_0000_0000)
  batch.writeInt32BE(high, at.baseOffset)
  batch.writeUInt32BE(baseOffset - high * 0x1_0000_0000, at.baseOffset + 4)
  batch.writeInt32BE(leaderEpoch, at.leaderEpoch)
}

/** Gives all records of a batch the broker's time (message.timestamp.type=LogAppendTime), ms since 1970. */
export function stampAppendTime(batch: Buffer, now: number): void {
  batch.writeInt16BE(batch.readInt16BE(at.attributes) | logAppendTimeBit, at.attributes)
  batch.writeBigInt64BE(BigInt(now), at.maxTimestamp)
  batch.writeUInt32BE(crc32c(batch.subarray(at.attributes)), at.crc)
}

/** Length, attributes, two deltas, two lengths and a count: a byte each at least. */
const recordBytesMin = 7

export type Refusal = { error: ErrorName; message: string }

/**
 * What is wrong with the records of one partition in a Produce request, or null. They must be exactly one batch of
 * magic 2, as Kafka's LogValidator asks of every version from 3 on.
 */
export function refusalOf(batch: Buffer, batchBytesMax: number): Refusal | null {
  const bytes = batchBytesAt(batch, 0)
  if (batch.length > at.magic && (batch[at.magic] as number) < 2) {
    return { error: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', message: 'Only record batches of magic 2 are kept' }
  }
  if (!(bytes >= headerBytes) || bytes > batch.length) {
    return { error: 'CORRUPT_MESSAGE', message: 'The batch is not as long as it says' }
  }
  if (bytes < batch.length) return { error: 'INVALID_RECORD', message: 'Expected exactly one batch per partition' }
  if (bytes > batchBytesMax) {
    return {
      error: 'MESSAGE_TOO_LARGE',
      message: `The batch has ${bytes} bytes, max.message.bytes is ${batchBytesMax}`,
    }
  }
  if (!isWholeBatch(batch, 0)) return { error: 'CORRUPT_MESSAGE', message: 'The CRC does not match' }
  const header = readHeader(batch, 0)
  if (header.count < 1 || header.lastOffset - header.baseOffset !== header.count - 1) {
    return { error: 'INVALID_RECORD', message: 'The record count and the last offset disagree' }
  }
  // Else 61 bytes could claim two billion offsets. What compressed records hold is not looked at.
  if (compressionOf(header) === 0 && header.count > (bytes - headerBytes) / recordBytesMin) {
    return { error: 'INVALID_RECORD', message: 'The batch is too short for its record count' }
  }
  if (header.isControl) return { error: 'INVALID_RECORD', message: 'Clients may not write control records' }
  if (header.isTransactional && header.producerId < 0) {
    return { error: 'INVALID_RECORD', message: 'A transactional batch names its producer' }
  }
  if (compressionOf(header) > 4) return { error: 'UNSUPPORTED_COMPRESSION_TYPE', message: 'Unknown codec' }
  return null
}

/** The number Kafka gives a refusal. */
export const codeOf = (refusal: Refusal | null): number => errorCode[refusal?.error ?? 'NONE']
