// Cuts a stretch of time into minutes, hours or days, days as a zone's calendar has them.
export type SpanUnit = 'minute' | 'hour' | 'day'

export interface Span {
  /** ms */
  from: number
  /** ms, exclusive */
  to: number
}

export const minuteMs = 60_000
export const minutesPerHour = 60
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** More than a page shows; a longer stretch is cut here. */
export const spansMax = 1_500

/** The newest spans, at most `spansMax`, that touch `[fromMs, toMs)`, ascending. A day of a zone may have 23 or 25 hours. */
export function spansBetween(unit: SpanUnit, stretch: { fromMs: number; toMs: number }, timeZone: string): Span[] {
  const { fromMs, toMs } = stretch
  const spans: Span[] = []
  if (unit === 'day') {
    const { startOfDay, startBefore } = daysOf(timeZone)
    for (let to = startOfDay(toMs - 1, 1); to > fromMs && spans.length < spansMax; ) {
      const from = startBefore(to)
      spans.push({ from, to })
      to = from
    }
  } else {
    const length = unit === 'minute' ? minuteMs : hourMs
    for (let to = Math.ceil(toMs / length) * length; to > fromMs && spans.length < spansMax; to -= length) {
      spans.push({ from: to - length, to })
    }
  }
  return spans.reverse()
}

/** A span in whole hours, and the minutes before and after them where a zone's day begins within an hour. */
export interface Cut {
  firstMinute: number
  firstHour: number
  /** Exclusive, like `endMinute`. */
  endHour: number
  endMinute: number
}

/** Minutes and hours since 1970. */
export function cutOf({ from, to }: Span): Cut {
  const firstMinute = Math.floor(from / minuteMs)
  const endMinute = Math.floor(to / minuteMs)
  const firstHour = Math.ceil(firstMinute / minutesPerHour)
  const endHour = Math.floor(endMinute / minutesPerHour)
  return { firstMinute, firstHour, endHour, endMinute }
}

interface Days {
  /** When the day that holds a moment begins, or `later` days after it. */
  startOfDay: (ms: number, later: number) => number
  /** When the day begins that ends at a moment. */
  startBefore: (ms: number) => number
}

/** More days than one zone's answer may show, twice; then they are looked up anew. */
const daysKeptMax = 2 * spansMax
/** A process asks in one zone or two. */
const zonesKeptMax = 8
const zones = new Map<string, Days>()

/** A calendar is asked at some 10 us a time, and days that are over do not move: what it said is kept. */
function daysOf(timeZone: string): Days {
  const known = zones.get(timeZone)
  if (known) return known
  const startOfDay = dayStarts(timeZone)
  const starts = new Map<number, number>()
  const days: Days = {
    startOfDay,
    startBefore(ms) {
      const kept = starts.get(ms)
      if (kept !== undefined) return kept
      const start = startOfDay(ms - 1, 0)
      if (starts.size >= daysKeptMax) starts.clear()
      starts.set(ms, start)
      return start
    },
  }
  if (zones.size >= zonesKeptMax) zones.clear()
  zones.set(timeZone, days)
  return days
}

function dayStarts(timeZone: string): Days['startOfDay'] {
  const local = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  /** The zone's wall clock, read as if it were UTC's. */
  const wallClock = (ms: number): number => {
    const part = Object.fromEntries(local.formatToParts(ms).map(({ type, value }) => [type, value]))
    const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year)
    return Date.UTC(
      year,
      Number(part.month) - 1,
      Number(part.day),
      Number(part.hour),
      Number(part.minute),
      Number(part.second),
    )
  }
  return (ms, later) => {
    const midnight = Math.floor(wallClock(ms) / dayMs) * dayMs + later * dayMs
    const offset = (at: number) => wallClock(at) - at
    // The zone's offset at midnight, which is not known before midnight is: two steps settle it.
    const guess = midnight - offset(midnight)
    const start = midnight - offset(guess)
    // Where the clock is set forward at midnight, the day begins an hour later than the calendar says.
    return wallClock(start) < midnight ? start + hourMs : start
  }
}
