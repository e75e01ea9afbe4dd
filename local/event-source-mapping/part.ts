// The records of a batch that are tried together: all of it, or a part that cutting it in two has left.
import type { WaitingRecord } from './batch.ts'
import type { GiveUpCondition, OffsetsByPartition } from './happening.ts'
import type { PartitionQueue } from './partition.ts'

/** The records of one partition in a batch; not empty. */
export interface Slice {
  readonly queue: PartitionQueue
  readonly records: readonly WaitingRecord[]
}

export interface Part {
  slices: readonly Slice[]
  /** Its place in the tree that cutting makes: empty for the whole batch, then a 0 or 1 more for each cut, by the half it is of. */
  readonly path: string
  /** Of the running, or the last, invocation; from 1, 0 before the first. Throttles do not count. */
  attempt: number
  /** Throttles in a row. */
  throttles: number
  error: string | null
  /** The last invocation with these records; null before the first. */
  last: { requestId: string | null; failed: boolean } | null
  /** Why its records are not tried again; null as long as they are. */
  giveUp: GiveUpCondition | null
}

/** A part that is over. */
export interface DonePart {
  path: string
  count: number
  /** Why it was given up; null where the function has taken it. */
  gaveUp: GiveUpCondition | null
}

export function wholeBatch(slices: readonly Slice[], giveUp: GiveUpCondition | null): Part {
  return { slices, path: '', attempt: 0, throttles: 0, error: null, last: null, giveUp }
}

/**
 * A part of at least two records as two halves, in the order of its records.
 *
 * Whether a cut uses up an attempt is not documented for Kafka. Our choice, as with Kinesis: it does not, so that a
 * poison record ends up alone whatever the limit on retries.
 */
export function halve(part: Part): [Part, Part] {
  const middle = Math.ceil(countOf(part.slices) / 2)
  const first: Slice[] = []
  const second: Slice[] = []
  let before = 0
  for (const { queue, records } of part.slices) {
    const cut = Math.min(records.length, Math.max(0, middle - before))
    if (cut > 0) first.push({ queue, records: records.slice(0, cut) })
    if (cut < records.length) second.push({ queue, records: records.slice(cut) })
    before += records.length
  }
  // Their next invocation counts as the one that failed.
  const half = { ...part, attempt: part.attempt - 1 }
  return [
    { ...half, slices: first, path: `${part.path}0` },
    { ...half, slices: second, path: `${part.path}1` },
  ]
}

/** Those of the records for which `isWanted` holds, and the others. */
export function sift(
  slices: readonly Slice[],
  isWanted: (record: WaitingRecord, slice: Slice) => boolean,
): { wanted: Slice[]; others: Slice[] } {
  const wanted: Slice[] = []
  const others: Slice[] = []
  for (const slice of slices) {
    const yes = slice.records.filter((record) => isWanted(record, slice))
    if (yes.length > 0) wanted.push({ ...slice, records: yes })
    if (yes.length === slice.records.length) continue
    others.push({ ...slice, records: slice.records.filter((record) => !isWanted(record, slice)) })
  }
  return { wanted, others }
}

export function countOf(slices: readonly Slice[]): number {
  return slices.reduce((sum, { records }) => sum + records.length, 0)
}

export function offsetsIn(slices: readonly Slice[]): OffsetsByPartition {
  return Object.fromEntries(slices.map(({ queue, records }) => [queue.key, records.map(({ offset }) => offset)]))
}
