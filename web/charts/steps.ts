// Seconds gathered into steps that a chart can draw: a mean for the line, a sum for what must not be averaged away.
import type { Second } from '../live/board.ts'

export interface Step {
  /** The beginning, ms. */
  at: number
  /** Mean of the known seconds; null when none is known. */
  eventsPerSecond: number | null
  deadLetters: number
}

/**
 * Whole steps in `[from, to)`, on multiples of `stepMs` from `origin`. With a fixed origin a line does not change shape
 * as it moves; with `to` as the origin no second is left over at the end.
 */
export function stepsOf(seconds: Second[], from: number, to: number, stepMs: number, origin = 0): Step[] {
  const first = origin + Math.ceil((from - origin) / stepMs) * stepMs
  const steps: (Step & { events: number; known: number })[] = []
  for (let at = first; at + stepMs <= to; at += stepMs) {
    steps.push({ at, eventsPerSecond: null, deadLetters: 0, events: 0, known: 0 })
  }
  for (const second of seconds) {
    const step = steps[Math.floor((second.at - first) / stepMs)]
    if (!step || second.at < first) continue
    step.events += second.events
    step.deadLetters += second.deadLetters
    step.known += 1
  }
  return steps.map(({ at, deadLetters, events, known }) => ({
    at,
    eventsPerSecond: known === 0 ? null : events / known,
    deadLetters,
  }))
}

/** Records put aside against all records, in `[from, to)`. */
export function errorShare(seconds: Second[], from: number, to: number): { deadLetters: number; records: number } {
  let deadLetters = 0
  let records = 0
  for (const second of seconds) {
    if (second.at < from || second.at >= to) continue
    deadLetters += second.deadLetters
    records += second.deadLetters + second.events
  }
  return { deadLetters, records }
}
