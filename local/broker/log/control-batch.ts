// The marker that ends a transaction in a partition: a batch of one control record, written by the broker alone.

import { Writer } from '../protocol/writer.ts'
import { at, headerBytes, lengthPrefixBytes } from './batch.ts'
import { crc32c } from './crc32c.ts'

export interface Marker {
  producerId: number
  producerEpoch: number
  committed: boolean
}

/** Attribute bits: transactional and control. */
const markerAttributes = 0x30

const abortType = 0
const commitType = 1

/**
 * A control batch, with its offset yet to be placed. `now` in ms since 1970.
 * https://kafka.apache.org/documentation/#controlbatch and EndTransactionMarker of Apache Kafka.
 */
export function markerBatch({ producerId, producerEpoch, committed }: Marker, now: number): Buffer {
  const key = Buffer.from([0, 0, 0, committed ? commitType : abortType])
  // Version 0 and the coordinator's epoch, which never changes here.
  const value = Buffer.alloc(6)
  // Attributes, time and offset deltas are 0; lengths are zigzag varints, and there are no headers.
  const content = Buffer.concat([Buffer.from([0, 0, 0, key.length * 2]), key, Buffer.from([value.length * 2]), value])
  const record = Buffer.concat([Buffer.from([(content.length + 1) * 2]), content, Buffer.from([0])])
  const header = new Writer(headerBytes)
  header.int64(0)
  header.int32(headerBytes + record.length - lengthPrefixBytes)
  header.int32(0)
  header.int8(2)
  header.int32(0)
  header.int16(markerAttributes)
  header.int32(0)
  header.int64(now)
  header.int64(now)
  header.int64(producerId)
  header.int16(producerEpoch)
  header.int32(-1)
  header.int32(1)
  const batch = Buffer.concat([header.toBuffer(), record])
  batch.writeUInt32BE(crc32c(batch.subarray(at.attributes)), at.crc)
  return batch
}

/** A length, attributes and two deltas precede the key's length, a byte each in what the broker writes. */
const keyAt = headerBytes + 5

/** Whether the marker that begins at `from` commits: its key is a version and the type, 16 bits each. */
export const isCommit = (buffer: Buffer, from: number): boolean => buffer[from + keyAt + 3] === commitType
