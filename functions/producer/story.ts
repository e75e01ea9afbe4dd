// What a run of the shop tells: events in the order of when they are due.
import type { Sample, Told } from '../events/business.ts'
import { dueAt, dueBy, type Pace, totalDue } from './pace.ts'

/** Events are taken in the order of their moments; each is due at its own. */
export interface Story {
  /** When the next event is due, ms; Infinity when there is none any more. */
  nextDueMs(): number
  /** At most `max` of the events that are due at `nowMs`. */
  take(nowMs: number, max: number): Sample[]
  /** How many are due at `nowMs` and not taken. */
  waiting(nowMs: number): number
}

/** Events at an even pace, everything about them by chance. */
export function uniformStory(pace: Pace, sampleAt: (ms: number) => Sample): Story {
  const total = totalDue(pace)
  let taken = 0
  return {
    nextDueMs: () => (taken < total ? dueAt(pace, taken) : Number.POSITIVE_INFINITY),
    take(nowMs, max) {
      const due = Math.max(0, Math.min(dueBy(pace, nowMs) - taken, max))
      return Array.from({ length: due }, () => sampleAt(dueAt(pace, taken++)))
    },
    waiting: (nowMs) => dueBy(pace, nowMs) - taken,
  }
}

/** Events that come already in order, from a generator that may be endless. */
export function orderedStory(events: Iterable<Told>, endMs: number): Story {
  const iterator = events[Symbol.iterator]()
  const ahead: Told[] = []
  const pull = () => {
    const { value, done } = iterator.next()
    if (!done && value.dueMs < endMs) ahead.push(value)
    return !done && value.dueMs < endMs
  }
  const first = () => (ahead.length > 0 || pull() ? ahead[0]?.dueMs : undefined) ?? Number.POSITIVE_INFINITY
  return {
    nextDueMs: first,
    take(nowMs, max) {
      const taken: Sample[] = []
      while (taken.length < max && first() <= nowMs) taken.push((ahead.shift() as Told).sample)
      return taken
    },
    waiting(nowMs) {
      while (ahead.length === 0 || (ahead.at(-1)?.dueMs ?? 0) <= nowMs) if (!pull()) break
      return ahead.filter(({ dueMs }) => dueMs <= nowMs).length
    },
  }
}
