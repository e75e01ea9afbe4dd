// Reads whole batches from a segment, from a given offset on.
import { baseOffsetAt, batchBytesAt, headerBytes, lastOffsetAt } from './batch.ts'
import type { Segment, TakeBuffer } from './segment.ts'

/** Room for the batches that may lie between an index entry and the wanted one. */
const indexSlackBytes = 8192

/** See PartitionLog.read; `segment` holds a batch at or after `offset`. */
export function readSegment(
  segment: Segment,
  offset: number,
  bytesMax: number,
  atLeastOne: boolean,
  before: number,
  take?: TakeBuffer,
): Buffer {
  const position = segment.positionBefore(offset)
  // Fewer bytes than an index interval precede the wanted batch: its neighbours there would have had an entry else.
  const around = segment.read(position, bytesMax + indexSlackBytes, take)
  let from = 0
  while (from + headerBytes <= around.length && lastOffsetAt(around, from) < offset) from += batchBytesAt(around, from)
  const firstBytes = batchBytesAt(around, from)
  if (baseOffsetAt(around, from) >= before) return Buffer.alloc(0)
  if (firstBytes > bytesMax) return atLeastOne ? segment.read(position + from, firstBytes, take) : Buffer.alloc(0)
  return around.subarray(from, wholeBatchesEnd(around, from, bytesMax, before))
}

/** End of the last batch that lies wholly in `buffer` and within `bytesMax` of `from`, and begins below `before`. */
function wholeBatchesEnd(buffer: Buffer, from: number, bytesMax: number, before: number): number {
  const limit = Math.min(buffer.length, from + bytesMax)
  let end = from
  for (;;) {
    const next = end + batchBytesAt(buffer, end)
    if (!(next <= limit) || baseOffsetAt(buffer, end) >= before) return end
    end = next
  }
}
