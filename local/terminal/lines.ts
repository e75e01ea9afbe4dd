// One aligned line for each thing that happens; readable without colour.
import type { Colors } from 'picocolors/types'

/** Batches of a function shown one by one in a second; the rest of that second are folded into one line. */
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
  /** `part` is the function that was given the batch. */
  batch(part: string, line: BatchLine): void
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
  const folds = new Map<string, Fold>()

  function say(part: string, text: string, tone: keyof typeof tones = 'plain'): void {
    print(`${colors.dim(clock.format(now()))} ${part.padEnd(11)} ${tones[tone](colors)(text)}`)
  }

  function flush(): void {
    for (const [part, { batches, folded }] of folds)
      if (batches > 0) say(part, describe(folded, `${batches} more batches`), toneOf(folded))
    folds.clear()
  }

  return {
    say,
    flush,
    batch(part, line) {
      const current = Math.floor(now() / 1000)
      if (current !== second) flush()
      second = current
      const fold = folds.get(part) ?? { shown: 0, batches: 0, folded: nothing }
      const isShown = fold.shown < linesPerSecondMax
      if (isShown) say(part, describe(line, line.source), toneOf(line))
      folds.set(part, isShown ? { ...fold, shown: fold.shown + 1 } : foldedWith(fold, line))
    },
  }
}

/** A function's batches of the running second: how many were shown, and the others added up. */
interface Fold {
  shown: number
  batches: number
  folded: BatchLine
}

const nothing: BatchLine = { source: '', records: 0, deadLetters: 0, redelivered: 0, durationMs: 0 }

function foldedWith({ shown, batches, folded }: Fold, line: BatchLine): Fold {
  return {
    shown,
    batches: batches + 1,
    folded: {
      source: '',
      records: folded.records + line.records,
      deadLetters: folded.deadLetters + line.deadLetters,
      redelivered: folded.redelivered + line.redelivered,
      durationMs: folded.durationMs + line.durationMs,
    },
  }
}

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
