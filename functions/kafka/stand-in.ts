// Records that stand in for those of a record batch that unpacks to more than is allowed.
//
// kafkajs unpacks a whole record batch at once, and an error there stops the reading of every partition, for ever. So a
// batch that is too large is answered with as many empty, marked records: its readers pass over it and can say so.
import { randomUUID } from 'node:crypto'

/** A record batch begins with 61 bytes that are never compressed. https://kafka.apache.org/documentation/#recordbatch */
const headerBytes = 61
const magicAt = 16
const lengthAt = 8
const lastOffsetDeltaAt = 23
const recordCountAt = 57
/** The length field counts what follows it. */
const headerBytesAfterLength = headerBytes - lengthAt - 4
/** kafkajs hands the records of a batch on as arguments of a call, and V8 takes some 125,000 of those. */
export const recordCountMax = 100_000

/** Random, so that no producer can make a record look like a stand-in. */
const marker = randomUUID()

export interface BatchHeader {
  baseOffset: number
  recordCount: number
  lastOffsetDelta: number
}

/**
 * The header of the record batch whose compressed records these are, or null when none can be told.
 *
 * kafkajs gives a codec the compressed records alone, but as a view into the fetched batch: its header lies right before.
 */
export function headerBefore(compressed: Buffer): BatchHeader | null {
  const start = compressed.byteOffset - headerBytes
  if (start < 0) return null
  const header = Buffer.from(compressed.buffer as ArrayBuffer, start, headerBytes)
  const isThisBatch =
    header[magicAt] === 2 && header.readInt32BE(lengthAt) === compressed.length + headerBytesAfterLength
  if (!isThisBatch) return null
  return {
    baseOffset: Number(header.readBigInt64BE(0)),
    recordCount: header.readInt32BE(recordCountAt),
    lastOffsetDelta: header.readInt32BE(lastOffsetDeltaAt),
  }
}

/** Encoded records without key and value, one for each of the batch, the last one at the batch's last offset. */
export function standInRecords({ recordCount, lastOffsetDelta }: Omit<BatchHeader, 'baseOffset'>): Buffer {
  const header = Buffer.concat([varint(1), varint(marker.length), Buffer.from(marker), varint(-1)])
  const records: Buffer[] = []
  for (let index = 0; index < recordCount; index += 1) {
    const offsetDelta = index === recordCount - 1 ? lastOffsetDelta : index
    // Attributes, timestamp delta, offset delta, key, value, headers.
    const body = Buffer.concat([Buffer.from([0, 0]), varint(offsetDelta), varint(-1), varint(-1), header])
    records.push(varint(body.length), body)
  }
  return Buffer.concat(records)
}

/** Does this message stand in for one that was too large to unpack? */
export function isStandIn(message: { headers?: Record<string, unknown> }): boolean {
  return message.headers !== undefined && marker in message.headers
}

/** Zigzag, seven bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest > 0x7f) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
