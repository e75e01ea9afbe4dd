import { expect, test } from 'vitest'
import { abortedErrorType, type InvokeResult } from '../runtime/invoke-result.ts'
import { type Clock, dueFiring, startSchedule } from './schedule.ts'

const figures = { requestId: 'r', durationMs: 1, coldStart: false, memoryUsedMB: 1 }
const ok: InvokeResult = { kind: 'ok', payload: 'null', ...figures }
const startMs = Date.UTC(2026, 0, 1, 12, 0, 7)

/** A clock that stands still until it is told to move, and what was invoked by it. */
function stage(options: { alignToStart?: boolean; invoke?: () => Promise<InvokeResult> } = {}) {
  let nowMs = startMs
  let timers: { atMs: number; call: () => void }[] = []
  const clock: Clock = {
    now: () => nowMs,
    after(ms, call) {
      const timer = { atMs: nowMs + ms, call }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
  /** Moves on; what is due is called in order. With `asleep`, time jumps and the timers come late, all at the end. */
  async function advance(ms: number, asleep = false): Promise<void> {
    await settle()
    const untilMs = nowMs + ms
    if (asleep) nowMs = untilMs
    for (;;) {
      const timer = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!timer) break
      timers = timers.filter((other) => other !== timer)
      nowMs = Math.max(nowMs, timer.atMs)
      timer.call()
      await settle()
    }
    nowMs = untilMs
  }
  const times: string[] = []
  const errors: string[] = []
  const schedule = startSchedule({
    name: 'tick',
    periodMs: 60_000,
    alignToStart: options.alignToStart ?? true,
    clock,
    onError: (message) => errors.push(message),
    invoke(event) {
      expect(JSON.parse(event)).toEqual({ time: expect.any(String), schedule: 'tick' })
      times.push(JSON.parse(event).time.slice(11, 19))
      return options.invoke?.() ?? Promise.resolve(ok)
    },
  })
  return { schedule, advance, times, errors }
}

/** Lets promises that are settled already run what waits for them. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

test('fires at the start and then every period from there', async () => {
  const { advance, times, errors } = stage()
  await advance(150_000)
  expect(times).toEqual(['12:00:07', '12:01:07', '12:02:07'])
  expect(errors).toEqual([])
})

test('fires at full minutes of the clock when it is not aligned to its start', async () => {
  const { advance, times } = stage({ alignToStart: false })
  expect(times).toEqual([])
  await advance(120_000)
  expect(times).toEqual(['12:01:00', '12:02:00'])
})

test('never overlaps itself, and says how many firings were left out', async () => {
  const finish: (() => void)[] = []
  const { advance, times, errors } = stage({
    invoke: () => new Promise((resolve) => finish.push(() => resolve(ok))),
  })
  await advance(130_000)
  expect(times).toEqual(['12:00:07'])
  finish[0]?.()
  await advance(60_000)
  expect(times).toEqual(['12:00:07', '12:03:07'])
  expect(errors).toEqual(['tick: 2 due firings were left out'])
})

test('after the computer slept it fires once, for the newest firing due, and keeps its beat', async () => {
  const { advance, times, errors } = stage()
  await advance(600_001, true)
  await advance(60_000)
  expect(times).toEqual(['12:00:07', '12:10:07', '12:11:07'])
  expect(errors).toEqual(['tick: 9 due firings were left out'])
})

test('says when the function fails, and goes on', async () => {
  const failed: InvokeResult = {
    kind: 'function-error',
    errorType: 'TypeError',
    errorMessage: 'x is not a function',
    trace: [],
    ...figures,
  }
  const results = [failed, { kind: 'throttled' } as const, { ...failed, errorType: abortedErrorType }]
  const { advance, errors } = stage({
    invoke: async () => {
      const result = results.shift()
      if (!result) throw new Error('the broker is gone')
      return result
    },
  })
  await advance(180_000)
  expect(errors).toEqual([
    'tick: TypeError: x is not a function',
    'tick: not invoked, all its environments are busy',
    // The third was ended on purpose, which is no error.
    'tick: the broker is gone',
  ])
})

test('stops', async () => {
  const { schedule, advance, times } = stage()
  schedule.stop()
  await advance(600_000)
  expect(times).toEqual(['12:00:07'])
})

test('a clock set back fires nothing twice', () => {
  expect(dueFiring(1_000, 100, 999)).toBe(-1)
  expect(dueFiring(1_000, 100, 1_000)).toBe(0)
  expect(dueFiring(1_000, 100, 1_199)).toBe(1)
})
