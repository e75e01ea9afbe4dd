// Finds offsets by time, and the batches of a segment one after the other.
import { batchBytesAt, headerBytes, readHeader } from './batch.ts'
import type { Segment } from './segment.ts'
import { offsetInBatch, type TimedOffset } from './timed-offset.ts'

/** The first record at or after `timestamp` (ms since 1970) and at or after `startOffset`, or null. */
export function offsetForTime(
  segments: readonly Segment[],
  timestamp: number,
  startOffset: number,
): TimedOffset | null {
  for (const segment of segments) {
    if (segment.maxTimestamp < timestamp) continue
    for (const batch of batchesOf(segment, segment.positionBeforeTime(timestamp))) {
      const { maxTimestamp, lastOffset } = readHeader(batch, 0)
      if (maxTimestamp < timestamp || lastOffset < startOffset) continue
      const found = offsetInBatch(batch, timestamp)
      if (found.offset >= startOffset) return found
    }
  }
  return null
}

/** The record with the largest timestamp, the first of them if several (KIP-734), or null for an empty log. */
export function newestTime(segments: readonly [Segment, ...Segment[]]): TimedOffset | null {
  const newest = segments.reduce((best, each) => (each.maxTimestamp > best.maxTimestamp ? each : best))
  if (newest.maxTimestampBatch < 0) return null
  for (const batch of batchesOf(newest, newest.positionBefore(newest.maxTimestampBatch))) {
    if (readHeader(batch, 0).baseOffset === newest.maxTimestampBatch) return offsetInBatch(batch, newest.maxTimestamp)
  }
  return null
}

/** Whole batches from `position` on, where one begins. */
export function* batchesOf(segment: Segment, position = 0): Generator<Buffer> {
  for (let at = position; at < segment.bytes; ) {
    const bytes = batchBytesAt(segment.read(at, headerBytes), 0)
    yield segment.read(at, bytes)
    at += bytes
  }
}
