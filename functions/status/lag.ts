// Lag from samples of offsets: how many messages a group is behind, for how long, what it lost, and what it never saw.

/** One reading of one partition's offsets. */
export interface OffsetSample {
  /** ms */
  at: number
  logStartOffset: number
  endOffset: number
  /** null: the group has not committed yet. */
  committedOffset: number | null
}

export interface Lag {
  messages: number
  /** 0 when caught up; null when there is no sample at all. */
  seconds: number | null
  /** True when the group was behind before the oldest sample: then `seconds` is a lower bound. */
  atLeast: boolean
  /** Messages that retention took before the group read them. */
  lost: number
}

/** What a group has still to read by this sample: without a commit all that is kept, and never what is gone. */
export function messagesBehind(sample: OffsetSample): { messages: number; lost: number; position: number } {
  const committed = sample.committedOffset ?? sample.logStartOffset
  const position = Math.max(committed, sample.logStartOffset)
  return { messages: Math.max(0, sample.endOffset - position), lost: position - committed, position }
}

/**
 * The lag of one partition from its samples, ascending by time.
 *
 * In seconds it is now minus the moment when the end offset passed the group's position. Our choice: between the two
 * samples that enclose that moment the end offset is taken to have moved evenly; a minute between samples would
 * otherwise be the error.
 */
export function lagOf(samples: OffsetSample[], nowMs: number): Lag {
  const latest = samples.at(-1)
  if (!latest) return { messages: 0, seconds: null, atLeast: false, lost: 0 }
  const { messages, lost, position } = messagesBehind(latest)
  if (messages === 0) return { messages, seconds: 0, atLeast: false, lost }
  const { passedMs, known } = whenEndPassed(samples, position)
  return { messages, seconds: Math.max(0, nowMs - passedMs) / 1000, atLeast: !known, lost }
}

/** Several partitions as one: messages add up, the slowest decides the time. */
export function totalLag(lags: Lag[]): Lag | null {
  if (lags.length === 0) return null
  const slowest = lags.reduce((slow, lag) => ((lag.seconds ?? 0) > (slow.seconds ?? 0) ? lag : slow))
  return {
    messages: lags.reduce((sum, lag) => sum + lag.messages, 0),
    seconds: slowest.seconds,
    atLeast: slowest.atLeast,
    lost: lags.reduce((sum, lag) => sum + lag.lost, 0),
  }
}

/** Looks back from the newest sample, all of whose followers were past `position`. */
function whenEndPassed(samples: OffsetSample[], position: number): { passedMs: number; known: boolean } {
  let after = samples.at(-1) as OffsetSample
  for (let index = samples.length - 2; index >= 0; index--) {
    const before = samples[index] as OffsetSample
    // An end offset that fell means that the topic was made anew; what the old one held says nothing.
    if (before.endOffset > after.endOffset) break
    if (before.endOffset <= position) {
      const share = (position - before.endOffset) / (after.endOffset - before.endOffset)
      return { passedMs: before.at + share * (after.at - before.at), known: true }
    }
    after = before
  }
  return { passedMs: after.at, known: false }
}

/** The offsets that a group has accounted: `[startOffset, nextOffset)` and the ranges above it. */
export interface AccountedOffsets {
  startOffset: number
  nextOffset: number
  /** `[from, to)`, ascending, none overlapping. */
  rangesAbove: [number, number][]
}

/** A range of offsets, `to` exclusive. */
export interface OffsetRange {
  from: number
  to: number
}

/** Offsets from the account's start to below the committed one that are neither accounted nor explained, as `[from, to)`. */
export function missingRanges(
  account: AccountedOffsets,
  committedOffset: number | null,
  explained: OffsetRange[] = [],
): [number, number][] {
  const known: [number, number][] = [
    ...account.rangesAbove,
    ...explained.map(({ from, to }): [number, number] => [from, to]),
  ]
  known.sort(([a], [b]) => a - b)
  const missing: [number, number][] = []
  const end = committedOffset ?? 0
  let next = account.nextOffset
  for (const [from, to] of [...known, [end, end] as const]) {
    const gapEnd = Math.min(from, end)
    if (gapEnd > next) missing.push([next, gapEnd])
    next = Math.max(next, to)
  }
  return missing
}

/** How many offsets below the committed one are neither accounted nor explained. A correct pipeline has none. */
export function unseenOffsets(
  account: AccountedOffsets,
  committedOffset: number | null,
  explained: OffsetRange[] = [],
): number {
  return missingRanges(account, committedOffset, explained).reduce((sum, [from, to]) => sum + to - from, 0)
}
