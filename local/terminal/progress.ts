// How far a command has come: a bar that is drawn over itself on a terminal, a line now and then elsewhere.

export interface ProgressState {
  /** 0 to 1; null where the end is not known. */
  share: number | null
  text: string
}

export interface Progress {
  show(state: ProgressState): void
  /** Prints a line above the bar. */
  say(line: string): void
  /** Leaves the last state standing. */
  end(): void
}

export interface ProgressOutput {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

const redrawMs = 100
const lineMs = 5_000
const barWidth = 24

/** Draws to `output`; `now` is in milliseconds. */
export function progressOn(output: ProgressOutput, now: () => number): Progress {
  const isTerminal = output.isTTY === true
  let shownAt = Number.NEGATIVE_INFINITY
  let last: ProgressState | null = null
  let drawn: ProgressState | null = null

  function draw(): void {
    if (!last || last === drawn) return
    const line = progressLine(last, isTerminal ? (output.columns ?? 80) - 1 : Number.POSITIVE_INFINITY)
    output.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`)
    drawn = last
    shownAt = now()
  }

  return {
    show(state) {
      last = state
      if (now() - shownAt >= (isTerminal ? redrawMs : lineMs)) draw()
    },
    say(line) {
      output.write(isTerminal ? `\r\x1b[K${line}\n` : `${line}\n`)
      if (isTerminal) drawn = null
    },
    end() {
      draw()
      if (isTerminal && last) output.write('\n')
    },
  }
}

/** `[#####-----]  45%  text`, cut to the width of the terminal. */
export function progressLine({ share, text }: ProgressState, columnsMax: number): string {
  if (share === null) return text.slice(0, columnsMax)
  // Never 100 % before it is so.
  const percent = Math.floor(Math.min(1, share) * 100)
  const filled = Math.floor((barWidth * percent) / 100)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`
  return `${bar} ${String(percent).padStart(3)}%  ${text}`.slice(0, columnsMax)
}
