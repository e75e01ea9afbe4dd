// Business figures as the store's port gives them.
import type { SpanUnit } from './spans.ts'

/** Which business figures. */
export interface RollupQuery {
  group: string
  by: SpanUnit
  /** Events' own time, ms. Spans that `[fromMs, toMs)` touches are given whole, the newest 1,500 at most. */
  fromMs: number
  toMs: number
  /** Where days begin and end, by its IANA name. Minutes and hours are UTC's. */
  timeZone: string
}

/** The figures of one minute, hour or day; spans without any event are absent. */
export interface Rollup {
  fromMs: number
  toMs: number
  /**
   * An estimate from a sketch, off by 1.6 % (one standard deviation) and nearly exact for a few thousand; null by the
   * minute. A day that begins within an hour has the users of its whole hours.
   */
  distinctUsers: number | null
  /** In the order of type, region and bucket. */
  sums: RollupSum[]
}

export interface RollupSum {
  eventType: string
  region: string | null
  amountBucket: string
  events: number
  amountCents: number
}

/** New rows and put-aside records of one second of arrival. Seconds without any are absent. */
export interface ArrivalSecond {
  /** Whole seconds since 1970. */
  second: number
  events: number
  deadLetters: number
}
