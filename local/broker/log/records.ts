// The records inside a batch, read in place, for the few who must look at them: compaction, and lookups by time.
import { type BatchHeader, compressionOf, headerBytes } from './batch.ts'
import { unpack } from './unpack.ts'

export interface BatchRecord {
  /** Relative to the batch's base timestamp and base offset. */
  timestampDelta: number
  offsetDelta: number
  /** Null when it has none. */
  key: Buffer | null
  /** Its value is null: what stood under the key is deleted. */
  isTombstone: boolean
  /** The whole record, its length included. */
  bytes: Buffer
}

/** The records of a batch, or null where they cannot be read: packed with Zstandard, too large, or damaged inside. */
export function recordsOf(batch: Buffer, header: BatchHeader): BatchRecord[] | null {
  const unpacked = unpack(batch.subarray(headerBytes), compressionOf(header))
  if (unpacked === null) return null
  const records: BatchRecord[] = []
  for (let at = 0; records.length < header.count; ) {
    const record = recordAt(unpacked, at)
    if (record === null) return null
    records.push(record)
    at += record.bytes.length
  }
  return records
}

/** Record: length, attributes (one byte), timestamp delta, offset delta, key, value, headers; zigzag varints. */
function recordAt(records: Buffer, from: number): BatchRecord | null {
  const length = varint(records, from)
  const time = length && varint(records, length.next + 1)
  const offset = time && varint(records, time.next)
  const keyLength = offset && varint(records, offset.next)
  if (!length || !time || !offset || !keyLength) return null
  const keyEnd = keyLength.next + Math.max(0, keyLength.value)
  const valueLength = varint(records, keyEnd)
  const end = length.next + length.value
  if (!valueLength || end < valueLength.next || end > records.length) return null
  return {
    timestampDelta: time.value,
    offsetDelta: offset.value,
    key: keyLength.value < 0 ? null : records.subarray(keyLength.next, keyEnd),
    isTombstone: valueLength.value < 0,
    bytes: records.subarray(from, end),
  }
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
