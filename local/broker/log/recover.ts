// Reads what a segment's seal does not cover when the broker starts: all of it after a kill, nothing after a clean stop.
import { PipelineError } from '../../../functions/errors.ts'
import type { ProducerTable } from '../producers/table.ts'
import type { StoredFile } from '../storage/storage.ts'
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
  const fileBytes = segment.storage.size(segment.file)
  if (segment.bytes === fileBytes) return 0
  const file = segment.storage.open(segment.file)
  try {
    scan(file, segment, producers)
    const tornBytes = fileBytes - segment.bytes
    if (tornBytes === 0) return 0
    if (!isLast || wholeBatchFollows(readToEnd(file, segment.bytes, tornBytes), segment.nextOffset)) {
      throw new PipelineError('LOG_CORRUPT', `${segment.file} is damaged at byte ${segment.bytes}`)
    }
    file.truncate(segment.bytes)
    return tornBytes
  } finally {
    file.close()
  }
}

/** Registers batches until the file ends or one is not whole. */
function scan(file: StoredFile, segment: Segment, producers: ProducerTable): void {
  let buffer = Buffer.allocUnsafe(chunkBytes)
  for (;;) {
    const held = buffer.subarray(0, file.read(buffer, segment.bytes))
    if (register(held, segment, producers) > 0) continue
    // Where the batch does not fit in, more is read. All else is damage: the end, a wrong length, or a wrong CRC.
    const next = batchBytesAt(held, 0)
    if (!(next > buffer.length && next <= batchBytesMax)) return
    buffer = Buffer.allocUnsafe(next)
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

function readToEnd(file: StoredFile, position: number, bytes: number): Buffer {
  const rest = Buffer.allocUnsafe(bytes)
  return rest.subarray(0, file.read(rest, position))
}

/** Damage with a later batch behind it is not a torn tail: cutting there would lose what was acknowledged. */
function wholeBatchFollows(rest: Buffer, nextOffset: number): boolean {
  for (let from = 1; from + headerBytes <= rest.length; from++) {
    if (rest[from + 16] === 2 && baseOffsetAt(rest, from) >= nextOffset && isWholeBatch(rest, from)) return true
  }
  return false
}
