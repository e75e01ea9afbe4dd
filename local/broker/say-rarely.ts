// Keeps the lines that a person reads few: clients try what failed again and again, and each failure has its line.

/** The same line is passed on once in this time. */
const repeatMs = 60_000

/** Lines remembered; when there are more, all are forgotten. */
const linesMax = 1_000

/** Passes lines on to `say`, the same one at most once a minute by `now` (ms since 1970). */
export function sayRarely(say: (line: string) => void, now: () => number): (line: string) => void {
  const saidAt = new Map<string, number>()
  return (line) => {
    const last = saidAt.get(line)
    if (last !== undefined && now() - last < repeatMs) return
    if (saidAt.size >= linesMax) saidAt.clear()
    saidAt.set(line, now())
    say(line)
  }
}
