// Does something at once after a pause, and otherwise no more often than it is worth.

export interface Paced {
  /** Asks for it to be done: now, if the time since the last one has passed or nearly so; else when it has. */
  want(): void
  /** Gives up what was asked for. */
  stop(): void
}

/** The narrow slice of a browser's clock. */
export interface Clock {
  now(): number
  setTimeout(run: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

const browserClock: Clock = {
  now: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
}

/** Who asks is at work already: what is due in a moment is done with it rather than by a wake-up of its own. */
const slackMs = 30

/** @param act answers for how long it need not be done again, ms */
export function paced(act: () => number, clock = browserClock): Paced {
  let dueAt = Number.NEGATIVE_INFINITY
  let timer: unknown = null

  function stop() {
    clock.clearTimeout(timer)
    timer = null
  }

  function run() {
    stop()
    const startedAt = clock.now()
    dueAt = startedAt + act()
  }

  return {
    want() {
      const waitMs = dueAt - clock.now()
      if (waitMs <= slackMs) run()
      else timer ??= clock.setTimeout(run, waitMs)
    },
    stop,
  }
}
