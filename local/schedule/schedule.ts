// EventBridge Scheduler's side, locally: invokes a function once a period.
import type { ScheduleEvent } from '../../functions/lambda/kafka-event.ts'

/** The narrow slice of time that a schedule needs. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls once after `ms`; the answer takes it back. */
  after(ms: number, call: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

export interface ScheduleOptions {
  /** Goes into the event. */
  name: string
  periodMs: number
  /** Given a ScheduleEvent's JSON. What it makes of the function's answer is its own affair. */
  invoke: (event: string) => Promise<unknown>
  clock?: Clock
  /** Told of an `invoke` that was rejected, and of firings that were left out. */
  onError?: (message: string) => void
}

export interface Schedule {
  /** No more firings. An invocation that runs is not ended by this: the function's `abort` or `close` does. */
  stop(): void
}

/** A timer longer than this fires at once in Node; a longer wait is made of several. */
const timerMsMax = 2 ** 31 - 1

/**
 * Fires at once and then every period. Firings are counted from the start, so they do not drift.
 *
 * Our choice: it never overlaps itself and does not catch up. A firing that comes due while one runs, or while the
 * computer slept, is left out and said. In the cloud Scheduler invokes regardless, and tries a failed one again.
 */
export function startSchedule(options: ScheduleOptions): Schedule {
  const { name, periodMs, invoke, clock = systemClock, onError = () => {} } = options
  const firstMs = clock.now()
  let cancel = () => {}
  let stopped = false
  let running = false
  /** The firing that comes next, by its number; the first is 0. */
  let next = 0
  let leftOut = 0

  function wake(): void {
    const due = Math.floor((clock.now() - firstMs) / periodMs)
    // When the clock was set back, the beat goes on from there instead of waiting for the old time to come again.
    next = Math.min(next, due + 1)
    if (due >= next) {
      leftOut += due - next
      next = due + 1
      if (running) leftOut += 1
      else void fire(firstMs + due * periodMs)
    }
    sleep()
  }

  function sleep(): void {
    if (stopped) return
    cancel = clock.after(Math.min(timerMsMax, Math.max(0, firstMs + next * periodMs - clock.now())), wake)
  }

  async function fire(dueMs: number): Promise<void> {
    running = true
    if (leftOut > 0) onError(`${name}: ${leftOut} due ${leftOut === 1 ? 'firing was' : 'firings were'} left out`)
    leftOut = 0
    const event: ScheduleEvent = { time: new Date(dueMs).toISOString(), schedule: name }
    try {
      await invoke(JSON.stringify(event))
    } catch (error) {
      if (!stopped) onError(`${name}: ${(error as Error).message}`)
    }
    running = false
  }

  wake()
  return {
    stop() {
      stopped = true
      cancel()
    },
  }
}
