// EventBridge Scheduler's side, locally: invokes a function once a period.
import type { ScheduleEvent } from '../../functions/lambda/kafka-event.ts'
import { abortedErrorType, type InvokeResult } from '../runtime/invoke-result.ts'

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
  /** True: fires at once and then every period from there. False: at the clock's multiples of the period. */
  alignToStart: boolean
  /** Given a ScheduleEvent's JSON. */
  invoke: (event: string) => Promise<InvokeResult>
  clock: Clock
  /** Told of invocations that failed and of firings that were left out. */
  onError: (message: string) => void
}

export interface Schedule {
  /** No more firings. An invocation that runs is not ended by this: the function's `abort` or `close` does. */
  stop(): void
}

/** A timer longer than this fires at once in Node; a longer wait is made of several. */
const timerMsMax = 2 ** 31 - 1

/**
 * Starts the schedule. Firings are counted from the start, so they do not drift.
 *
 * Our choice: it never overlaps itself and does not catch up. A firing that comes due while one runs, or while the
 * computer slept, is left out and said. In the cloud Scheduler invokes regardless, and tries a failed one again.
 */
export function startSchedule(options: ScheduleOptions): Schedule {
  const { name, periodMs, alignToStart, invoke, clock, onError } = options
  const now = clock.now()
  const firstMs = alignToStart ? now : nextMultiple(periodMs, now)
  let cancel = () => {}
  let stopped = false
  let running = false
  /** The firing that comes next, by its number. */
  let next = 0
  let leftOut = 0

  function wake(): void {
    const due = dueFiring(firstMs, periodMs, clock.now())
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
      const complaint = complaintOf(await invoke(JSON.stringify(event)))
      if (complaint && !stopped) onError(`${name}: ${complaint}`)
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

/** The number of the newest firing that is due at `nowMs`; the first is 0, and -1 means none yet. */
export function dueFiring(firstMs: number, periodMs: number, nowMs: number): number {
  return Math.max(-1, Math.floor((nowMs - firstMs) / periodMs))
}

function nextMultiple(periodMs: number, nowMs: number): number {
  return Math.ceil(nowMs / periodMs) * periodMs
}

function complaintOf(result: InvokeResult): string | null {
  if (result.kind === 'ok') return null
  if (result.kind === 'throttled') return 'not invoked, all its environments are busy'
  return result.errorType === abortedErrorType ? null : `${result.errorType}: ${result.errorMessage}`
}
