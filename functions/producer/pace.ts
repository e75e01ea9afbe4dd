// An even pace: which event is due when.

export interface Pace {
  /** The first event is due at this moment, ms. */
  startMs: number
  /** No event is due at this moment or after it, ms. */
  endMs: number
  eventsPerSecond: number
}

/** When the event number `index`, counted from 0, is due; ms with a fraction. */
export function dueAt(pace: Pace, index: number): number {
  return pace.startMs + (index * 1000) / pace.eventsPerSecond
}

/** How many events are due up to and including `nowMs`. */
export function dueBy(pace: Pace, nowMs: number): number {
  const last = Math.floor(((nowMs - pace.startMs) * pace.eventsPerSecond) / 1000)
  return Math.max(0, Math.min(last + 1, totalDue(pace)))
}

/** How many events are due in all. */
export function totalDue(pace: Pace): number {
  return Math.max(0, Math.ceil(((pace.endMs - pace.startMs) * pace.eventsPerSecond) / 1000))
}
