// The newest records that a mapping has given up, for whoever looks at it.
import type { GiveUpCondition, Happening, OffsetsByPartition } from './happening.ts'

export interface GivenUp {
  /** ms since 1970 */
  at: number
  condition: GiveUpCondition
  /** By `<topic>-<partition>`; there may be gaps between `first` and `last`. */
  records: Record<string, { first: number; last: number; count: number }>
  /** Where they are now; null when they are lost. */
  destination: string | null
  /** Why the destination did not take them; null when it did, or when there is none. */
  deliveryError: string | null
}

const keptMax = 10

/** The list after one more thing that happened, the newest first. */
export function withGivenUp(before: GivenUp[], happening: Happening): GivenUp[] {
  const given = givenUpBy(happening)
  return given ? [given, ...before].slice(0, keptMax) : before
}

function givenUpBy(happening: Happening): GivenUp | null {
  if (happening.type === 'onFailure') {
    const { t: at, condition, records, destination } = happening
    return { at, condition, records: spans(records), destination, deliveryError: null }
  }
  if (happening.type !== 'dropped') return null
  const { t: at, reason: condition, records, deliveryError = null } = happening
  return { at, condition, records: spans(records), destination: null, deliveryError }
}

function spans(records: OffsetsByPartition): GivenUp['records'] {
  return Object.fromEntries(
    Object.entries(records).map(([key, offsets]) => [
      key,
      { first: offsets[0] ?? 0, last: offsets.at(-1) ?? 0, count: offsets.length },
    ]),
  )
}
