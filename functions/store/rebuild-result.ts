// What a rebuild came to: sums that were carried over, and figures that came out otherwise. Pure, the same for every adapter.
import type { FigureDifference, RebuildResult } from './rebuilds.ts'

const differencesMax = 100

/** One figure of an hour on all sides; only those where `before` is not `after` and `leftOut` together. */
export interface RebuildSums {
  /** The hour. */
  at: number
  event_type: string
  /** '' is none. */
  region: string
  amount_bucket: string
  before: number
  after: number
  /** Of erased users. */
  leftOut: number
  centsBefore: number
  centsAfter: number
  centsLeftOut: number
}

/**
 * `gone` is how many events the account has stored that neither the topic nor a row brought. Where there are such, figures
 * that fell are taken for theirs and carried over; whatever fell without them, or rose, is a difference.
 */
export function resultOf(
  { events, erased }: { events: number; erased: number },
  { gone, sums }: { gone: number; sums: RebuildSums[] },
): RebuildResult {
  const isCarried = ({ before, after, leftOut }: RebuildSums) => gone > 0 && before > after + leftOut
  const carried = sums.filter(isCarried)
  const carriedEvents = carried.reduce((sum, { before, after, leftOut }) => sum + before - after - leftOut, 0)
  // More fell than the account can explain: what was carried over may be wrong, so it is told figure by figure as well.
  const differing = carriedEvents > gone ? sums : sums.filter((one) => !isCarried(one))
  return {
    events,
    erased,
    carried:
      carried.length === 0
        ? null
        : {
            events: carriedEvents,
            firstHour: Math.min(...carried.map(({ at }) => at)),
            lastHour: Math.max(...carried.map(({ at }) => at)),
          },
    differences: differing.slice(0, differencesMax).map(differenceOf),
    differing: differing.length,
  }
}

function differenceOf(sums: RebuildSums): FigureDifference {
  const { at, event_type, region, amount_bucket, before, after, leftOut, centsBefore, centsAfter, centsLeftOut } = sums
  return {
    hour: at,
    eventType: event_type,
    region: region === '' ? null : region,
    amountBucket: amount_bucket,
    events: { before: before - leftOut, after },
    amountCents: { before: centsBefore - centsLeftOut, after: centsAfter },
  }
}
