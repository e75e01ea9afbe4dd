// One aligned line for each thing that happens; readable without colour.
import type { Colors } from 'picocolors/types'

/** Batches shown one by one in a second; the rest of that second are folded into one line. */
const linesPerSecondMax = 4

export interface BatchLine {
  /** For instance `retail-events-0`, or several joined. */
  source: string
  records: number
  deadLetters: number
  redelivered: number
  durationMs: number
}

export interface Lines {
  batch(line: BatchLine): void
  /** Anything else, by the part that says it. */
  say(part: string, text: string, tone?: 'plain' | 'good' | 'warn' | 'bad'): void
  /** Prints what is still folded. */
  flush(): void
}

export interface LineOptions {
  /** Takes a finished line. */
  print: (line: string) => void
  colors: Colors
  /** ms since 1970 */
  now: () => number
  timeZone: string
}

export function terminalLines({ print, colors, now, timeZone }: LineOptions): Lines {
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone })
  let second = 0
  let shown = 0
  let folded: BatchLine & { batches: number } = emptyFold()

  function say(part: string, text: string, tone: keyof typeof tones = 'plain'): void {
    print(`${colors.dim(clock.format(now()))} ${part.padEnd(9)} ${tones[tone](colors)(text)}`)
  }

  function flush(): void {
    if (folded.batches > 0) say('consumer', describe(folded, `${folded.batches} more batches`), toneOf(folded))
    folded = emptyFold()
  }

  return {
    say,
    flush,
    batch(line) {
      const current = Math.floor(now() / 1000)
      if (current !== second) {
        flush()
        second = current
        shown = 0
      }
      if (shown++ < linesPerSecondMax) return say('consumer', describe(line, line.source), toneOf(line))
      folded = {
        source: '',
        batches: folded.batches + 1,
        records: folded.records + line.records,
        deadLetters: folded.deadLetters + line.deadLetters,
        redelivered: folded.redelivered + line.redelivered,
        durationMs: folded.durationMs + line.durationMs,
      }
    },
  }
}

const emptyFold = () => ({ source: '', batches: 0, records: 0, deadLetters: 0, redelivered: 0, durationMs: 0 })

const tones = {
  plain: () => (text: string) => text,
  good: (colors: Colors) => colors.green,
  warn: (colors: Colors) => colors.yellow,
  bad: (colors: Colors) => colors.red,
}

function toneOf(line: BatchLine): keyof typeof tones {
  return line.deadLetters > 0 ? 'warn' : 'good'
}

function describe(line: BatchLine, source: string): string {
  const good = line.records - line.deadLetters
  const aside = line.deadLetters > 0 ? `${line.deadLetters} put aside` : ''
  const again = line.redelivered > 0 ? `${line.redelivered} seen before` : ''
  const counts = `${good}/${line.records} ok`
  const remarks = [aside, again].filter(Boolean).join(', ')
  return `${source.padEnd(18)} ${counts.padEnd(14)} ${remarks.padEnd(22)} ${Math.round(line.durationMs)} ms`
}
