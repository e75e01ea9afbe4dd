import { expect, test } from 'vitest'
import { type Clock, startSchedule } from './schedule.ts'

const startMs = Date.UTC(2026, 0, 1, 12, 0, 7)

/** A clock that stands still until it is told to move, and what was invoked by it. */
function stage(invoke: () => Promise<void> = async () => {}) {
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
  /** The clock tells another time; timers, which count what really passes, come as they would have. */
  function setBack(ms: number): void {
    nowMs -= ms
    for (const timer of timers) timer.atMs -= ms
  }
  const times: string[] = []
  const errors: string[] = []
  const schedule = startSchedule({
    name: 'tick',
    periodMs: 60_000,
    clock,
    onError: (message) => errors.push(message),
    invoke: (event) => {
      expect(JSON.parse(event)).toEqual({ time: expect.any(String), schedule: 'tick' })
      times.push(JSON.parse(event).time.slice(11, 19))
      return invoke()
    },
  })
  return { schedule, advance, setBack, times, errors }
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

test('never overlaps itself, and says how many firings were left out', async () => {
  const finish: (() => void)[] = []
  const { advance, times, errors } = stage(() => new Promise((resolve) => finish.push(resolve)))
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

test('says when a firing could not be invoked, and goes on', async () => {
  let firings = 0
  const { advance, times, errors } = stage(async () => {
    firings += 1
    if (firings === 2) throw new Error('the broker is gone')
  })
  await advance(120_000)
  expect(times).toHaveLength(3)
  expect(errors).toEqual(['tick: the broker is gone'])
})

test('stops', async () => {
  const { schedule, advance, times } = stage()
  schedule.stop()
  await advance(600_000)
  expect(times).toEqual(['12:00:07'])
})

test('goes on with its beat when the clock is set back', async () => {
  const { setBack, advance, times } = stage()
  await advance(60_000)
  setBack(3_600_000)
  await advance(120_000)
  expect(times).toEqual(['12:00:07', '12:01:07', '11:03:07'])
})
