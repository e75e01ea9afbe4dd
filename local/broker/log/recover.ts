// Reads what a segment's seal does not cover when the broker starts: all of it after a kill, nothing after a clean stop.
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { PipelineError } from '../../../functions/errors.ts'
import type { ProducerTable } from '../producers/table.ts'
import { noteAborted } from './aborted.ts'
import { baseOffsetAt, batchBytesAt, headerBytes, isWholeBatch, readHeader } from './batch.ts'
import { unsealedProducers } from './seal.ts'
import type { Segment } from './segment.ts'

/** Bytes read from the file at once. */
const chunkBytes = 4 * 1024 * 1024

/** No request is larger than 100 MB, so no batch is. */
const batchBytesMax = 100 * 1024 * 1024

/**
 * Registers every whole batch of `segment`'s file. A torn tail, the mark of a process killed while writing, is cut off
 * and its length returned; it was never acknowledged.
 *
 * @throws PipelineError LOG_CORRUPT when whole batches follow the damage, or when another segment follows this one.
 */
export function recover(segment: Segment, isLast: boolean, producers: ProducerTable): number {
  const sealed = segment.unseal()
  producers.restore(unsealedProducers(sealed?.producers ?? []))
  if (sealed && sealed.bytes === statSync(segment.file).size) return 0
  const fd = openSync(segment.file, 'r')
  try {
    const rest = scan(fd, segment, producers)
    if (rest.length === 0) return 0
    if (!isLast || wholeBatchFollows(rest, segment.nextOffset)) {
      throw new PipelineError('LOG_CORRUPT', `${segment.file} is damaged at byte ${segment.bytes}`)
    }
    segment.truncateToWholeBatches()
    return rest.length
  } finally {
    closeSync(fd)
  }
}

/** Reads batches until the file ends or one is not whole; returns what follows the last whole one. */
function scan(fd: number, segment: Segment, producers: ProducerTable): Buffer {
  let held: Buffer = Buffer.alloc(0)
  for (let wanted = chunkBytes; ; ) {
    const chunk = Buffer.allocUnsafe(wanted - held.length)
    const count = readSync(fd, chunk, 0, chunk.length, segment.bytes + held.length)
    held = Buffer.concat([held, chunk.subarray(0, count)])
    const used = register(held, segment, producers)
    held = held.subarray(used)
    if (count === 0) return held
    const next = batchBytesAt(held, 0)
    // No length a batch can have, or a whole batch that was refused: damage, which the rest of the file will judge.
    if (next < headerBytes || next > batchBytesMax || next <= held.length) return readToEnd(fd, segment.bytes)
    wanted = Math.max(chunkBytes, next || 0)
  }
}

function register(held: Buffer, segment: Segment, producers: ProducerTable): number {
  let from = 0
  while (isWholeBatch(held, from) && baseOffsetAt(held, from) >= segment.nextOffset) {
    const header = readHeader(held, from)
    segment.wrote(header)
    noteAborted(segment, held, from, producers.wrote(header))
    from += header.bytes
  }
  return from
}

function readToEnd(fd: number, position: number): Buffer {
  const chunks: Buffer[] = []
  for (let at = position; ; ) {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const count = readSync(fd, chunk, 0, chunkBytes, at)
    if (count === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, count))
    at += count
  }
}

/** Damage with a later batch behind it is not a torn tail: cutting there would lose what was acknowledged. */
function wholeBatchFollows(rest: Buffer, nextOffset: number): boolean {
  for (let from = 1; from + headerBytes <= rest.length; from++) {
    if (rest[from + 16] === 2 && baseOffsetAt(rest, from) >= nextOffset && isWholeBatch(rest, from)) return true
  }
  return false
}
