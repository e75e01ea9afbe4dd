// Decides when a batch is cut, and from which partitions: `(what waits, limits, now) -> what to do`.
import type { GiveUpCondition } from './happening.ts'
import { recordBytes, sliceBytes } from './to-event.ts'

/** A record that waits for its invocation. */
export interface WaitingRecord {
  offset: number
  /** When it came from Kafka, ms. */
  arrivedMs: number
  /** As kafkajs has it, ms since 1970: its text is there already, and few are ever looked at. */
  timestamp: string
  /** The record as it stands in the event; null when it is too large for any. */
  json: string | null
  /** Why it goes into no invocation; null when it does. */
  unfit: GiveUpCondition | null
}

/** A partition of which no record is being worked on, and whose head waits. */
export interface WaitingPartition {
  /** `<topic>-<partition>` */
  key: string
  /** In order of their offsets; not empty. */
  records: readonly WaitingRecord[]
  /** What all of them cost in an event, by `recordBytes`. */
  bytes: number
  /** When the last batch with records of this partition was over, ms; null before the first. */
  freeSinceMs: number | null
}

export interface BatchLimits {
  recordsMax: number
  windowMs: number
  /** For the records and their partitions, without the event's envelope. */
  bytesMax: number
}

export type Cut =
  /** Nothing is due. `until`: when to ask again if nothing comes before; null when nothing waits. */
  | { kind: 'wait'; until: number | null }
  /** The first record of the partition goes into no invocation; `count` follow one another for the same reason. */
  | { kind: 'unfit'; key: string; count: number; condition: GiveUpCondition }
  /** The first `count` records of each partition make the next batch. */
  | { kind: 'batch'; takes: { key: string; count: number }[] }

/**
 * The next thing to do with what waits.
 *
 * A batch is cut when its window has elapsed, when it holds `recordsMax` records, or when another record would not fit
 * into the payload: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html. On AWS the window
 * starts when the previous invocation (in provisioned mode: batch) completes; what happens when nothing waits then is
 * not documented. Our choice: it starts at that moment or when the oldest waiting record came, whichever is later, and each
 * partition has its own, because batches with other partitions run beside it. When one is over, all that waits goes along.
 *
 * Our choice: the longest waiting partition goes first and is taken as far as it fits, then the next. Few partitions in
 * a batch leave the others free for an invocation beside it.
 */
export function nextCut(waiting: readonly WaitingPartition[], limits: BatchLimits, now: number): Cut {
  if (waiting.length === 0) return { kind: 'wait', until: null }
  let records = 0
  let bytes = 0
  let until = Number.POSITIVE_INFINITY
  for (const partition of waiting) {
    const condition = partition.records[0]?.unfit ?? null
    if (condition !== null) return { kind: 'unfit', key: partition.key, ...leading(partition, condition, limits) }
    records += partition.records.length
    bytes += partition.bytes + sliceBytes(partition.key)
    until = Math.min(until, windowStartMs(partition) + limits.windowMs)
  }
  if (now < until && records < limits.recordsMax && bytes <= limits.bytesMax) return { kind: 'wait', until }
  return { kind: 'batch', takes: pack(waiting, limits) }
}

function leading({ records }: WaitingPartition, condition: GiveUpCondition, { recordsMax }: BatchLimits) {
  let count = 1
  while (count < recordsMax && records[count]?.unfit === condition) count += 1
  return { count, condition }
}

function windowStartMs({ records, freeSinceMs }: WaitingPartition): number {
  return Math.max(records[0]?.arrivedMs ?? 0, freeSinceMs ?? 0)
}

function pack(waiting: readonly WaitingPartition[], limits: BatchLimits): { key: string; count: number }[] {
  const oldestFirst = [...waiting].sort((a, b) => (a.records[0]?.arrivedMs ?? 0) - (b.records[0]?.arrivedMs ?? 0))
  const takes: { key: string; count: number }[] = []
  let recordsLeft = limits.recordsMax
  let bytesLeft = limits.bytesMax
  for (const { key, records } of oldestFirst) {
    let bytes = sliceBytes(key)
    let count = 0
    for (const record of records) {
      if (record.unfit !== null || count === recordsLeft) break
      const size = recordBytes(record)
      if (bytes + size > bytesLeft) break
      bytes += size
      count += 1
    }
    if (count > 0) {
      takes.push({ key, count })
      recordsLeft -= count
      bytesLeft -= bytes
    }
    // A partition that was cut short has filled the batch, or meets a record that goes nowhere: either way the batch is done.
    if (count < records.length) break
  }
  return takes
}
