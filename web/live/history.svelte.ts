// Seconds that lie further back than the stream tells of: asked for when a long range is looked at, and now and then anew.
import { getThroughput } from '../api.ts'
import { type Second, secondsOf } from './board.ts'

export interface History {
  seconds: Second[]
  /** The end of the last whole second in it, ms by the server's clock. */
  until: number
  /** When it came, ms by the page's clock. */
  at: number
  rangeMs: number
}

export type HistoryWatch = ReturnType<typeof watchHistory>

export function watchHistory() {
  let current = $state.raw<History | null>(null)
  let asked = { rangeMs: 0, at: Number.NEGATIVE_INFINITY }
  return {
    /** null until the first answer. */
    get current() {
      return current
    },
    /** Asks where the range is another one, or the last question is `everyMs` ago. Call as often as you like. */
    async want(rangeMs: number, everyMs: number, now: number): Promise<void> {
      if (asked.rangeMs === rangeMs && now - asked.at < everyMs) return
      const mine = { rangeMs, at: now }
      asked = mine
      try {
        const seconds = secondsOf((await getThroughput(rangeMs / 1000)).buckets)
        const last = seconds.at(-1)
        if (asked !== mine || !last) return
        current = { seconds, until: last.at + 1000, at: Date.now(), rangeMs }
      } catch {
        // What stands stays, with its age; the next question comes in its time.
      }
    },
  }
}
