// What is known of a segment, kept beside it, so that a start does not read again what was read or written before.

import type { ProducerEntry } from '../producers/sequence.ts'
import { compile } from '../protocol/codec.ts'
import { Reader } from '../protocol/reader.ts'
import { bytes, int16, int32, int64, list, type ReadOf } from '../protocol/schema.ts'
import { Writer } from '../protocol/writer.ts'
import type { Storage } from '../storage/storage.ts'
import { crc32c } from './crc32c.ts'

const sealStruct = {
  /** Length of the segment's file that the rest is about. */
  bytes: int64(),
  nextOffset: int64(),
  firstTimestamp: int64(),
  maxTimestamp: int64(),
  maxTimestampBatch: int64(),
  index: bytes(),
  aborted: list({ producerId: int64(), firstOffset: int64(), lastOffset: int64() }),
  /** What the partition knew of its producers at that length. */
  producers: list({
    producerId: int64(),
    epoch: int16(),
    /** -1 when no transaction of it was unfinished. */
    openSince: int64(),
    lastTimestamp: int64(),
    batches: list({ firstSequence: int32(), lastSequence: int32(), baseOffset: int64() }),
  }),
}

export type Seal = ReadOf<typeof sealStruct>

const codec = compile(sealStruct, 0, true)
const crcBytes = 4

export const sealFileOf = (segmentFile: string): string => segmentFile.replace(/\.log$/, '.index')

/** Writes the seal of a segment. A reader finds a whole one or none; without any, the segment is read instead. */
export function writeSeal(storage: Storage, segmentFile: string, seal: Seal): void {
  const writer = new Writer(256)
  writer.int32(0)
  codec.write(writer, seal)
  const content = Buffer.from(writer.toBuffer())
  content.writeUInt32BE(crc32c(content.subarray(crcBytes)), 0)
  storage.replace(sealFileOf(segmentFile), content, false)
}

/** The seal of a segment, or null when there is none that holds for its file. */
export function readSeal(storage: Storage, segmentFile: string): Seal | null {
  try {
    const content = storage.content(sealFileOf(segmentFile))
    if (content === null) return null
    if (content.readUInt32BE(0) !== crc32c(content.subarray(crcBytes))) return null
    const seal = codec.read(new Reader(content, crcBytes))
    // A power failure may have taken the end of the segment.
    return seal.bytes <= storage.size(segmentFile) ? seal : null
  } catch {
    // What cannot be read is as good as absent: the segment itself says everything.
    return null
  }
}

export function sealedProducers(producers: Iterable<[number, ProducerEntry]>): Seal['producers'] {
  return Array.from(producers, ([producerId, { epoch, openSince, lastTimestamp, batches }]) => {
    return { producerId, epoch, openSince: openSince ?? -1, lastTimestamp, batches: [...batches] }
  })
}

export function unsealedProducers(sealed: Seal['producers']): [producerId: number, entry: ProducerEntry][] {
  return sealed.map(({ producerId, openSince, ...entry }) => {
    return [producerId, { ...entry, openSince: openSince < 0 ? null : openSince }]
  })
}
