// Finds the first record of one batch that is not older than a given time.
import { compressionOf, hasLogAppendTime, headerBytes, readHeader } from './batch.ts'
import { unpack } from './unpack.ts'

export interface TimedOffset {
  offset: number
  /** Milliseconds since 1970. */
  timestamp: number
}

/**
 * The first record at or after `timestamp` in a batch that has one. Where the records cannot be read (too large
 * once unpacked, or damaged inside the batch), the batch's first record: earlier than asked, never later.
 */
export function offsetInBatch(batch: Buffer, timestamp: number): TimedOffset {
  const header = readHeader(batch, 0)
  if (hasLogAppendTime(header)) return { offset: header.baseOffset, timestamp: header.maxTimestamp }
  const records = unpack(batch.subarray(headerBytes), compressionOf(header))
  const found = records && findRecord(records, timestamp - header.baseTimestamp, header.count)
  return found
    ? { offset: header.baseOffset + found.offsetDelta, timestamp: header.baseTimestamp + found.timestampDelta }
    : { offset: header.baseOffset, timestamp: header.maxTimestamp }
}

interface RecordTime {
  timestampDelta: number
  offsetDelta: number
}

/** Record: length, attributes (one byte), timestamp delta, offset delta, ...; lengths and deltas are zigzag varints. */
function findRecord(records: Buffer, timestampDelta: number, count: number): RecordTime | null {
  let position = 0
  for (let i = 0; i < count; i++) {
    const length = varint(records, position)
    if (length === null) return null
    const time = varint(records, length.next + 1)
    const offset = time && varint(records, time.next)
    if (!time || !offset) return null
    if (time.value >= timestampDelta) return { timestampDelta: time.value, offsetDelta: offset.value }
    position = length.next + length.value
  }
  return null
}

function varint(buffer: Buffer, from: number): { value: number; next: number } | null {
  let raw = 0
  for (let i = 0; i < 10; i++) {
    const byte = buffer[from + i]
    if (byte === undefined) return null
    raw += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: from + i + 1 }
  }
  return null
}
