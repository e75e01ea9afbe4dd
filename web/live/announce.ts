// What a screen reader is told of the verdict: a change of kind at once, and never more than one message per 10 s.
import type { Verdict } from '../../functions/status/facts.ts'

const quietMs = 10_000

export interface Announcement {
  text: string
  kind: Verdict['kind'] | null
  at: number
}

export const nothingSaid: Announcement = { text: '', kind: null, at: Number.NEGATIVE_INFINITY }

/** The figures in a headline move all the time; only another kind of verdict is news. */
export function announce(last: Announcement, verdict: Verdict, now: number): Announcement {
  if (verdict.kind === last.kind || now - last.at < quietMs) return last
  return { text: `${verdict.headline} ${verdict.next}`, kind: verdict.kind, at: now }
}
