// Which transactions were aborted, so that readers of committed records pass over what they wrote.
import type { EndedTransaction } from '../producers/table.ts'
import { isCommit } from './control-batch.ts'
import type { Segment } from './segment.ts'

/** An aborted transaction: its records lie from the first offset on, its marker at the last. */
export interface AbortedTransaction {
  producerId: number
  firstOffset: number
  lastOffset: number
}

/** Takes note, when the marker that begins at `from` aborts a transaction that wrote something. */
export function noteAborted(segment: Segment, buffer: Buffer, from: number, ended: EndedTransaction | null): void {
  if (ended === null || ended.firstOffset === null || isCommit(buffer, from)) return
  const { producerId, firstOffset } = ended
  segment.aborted.push({ producerId, firstOffset, lastOffset: segment.nextOffset - 1 })
}

/** Aborted transactions that have records or their marker in `[from, to)`, as Fetch reports them. */
export function abortedBetween(segments: readonly Segment[], from: number, to: number): AbortedTransaction[] {
  return segments.flatMap(({ nextOffset, aborted }) => {
    if (nextOffset <= from) return []
    return aborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < to)
  })
}
