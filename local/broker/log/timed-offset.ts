// Finds the first record of one batch that is not older than a given time.
import { hasLogAppendTime, readHeader } from './batch.ts'
import { recordsOf } from './records.ts'

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
  const { baseOffset, baseTimestamp, maxTimestamp } = header
  const records = hasLogAppendTime(header) ? null : recordsOf(batch, header)
  const found = records?.find(({ timestampDelta }) => baseTimestamp + timestampDelta >= timestamp)
  return found
    ? { offset: baseOffset + found.offsetDelta, timestamp: baseTimestamp + found.timestampDelta }
    : { offset: baseOffset, timestamp: maxTimestamp }
}
