import { expect, it } from 'vitest'
import { type Clock, paced } from './paced.ts'

function handClock(): Clock & { advance(ms: number): void } {
  let time = 0
  let waiting: { at: number; run: () => void }[] = []
  return {
    now: () => time,
    setTimeout(run, ms) {
      const timer = { at: time + ms, run }
      waiting.push(timer)
      return timer
    },
    clearTimeout(timer) {
      waiting = waiting.filter((each) => each !== timer)
    },
    advance(ms) {
      time += ms
      const due = waiting.filter(({ at }) => at <= time)
      waiting = waiting.filter(({ at }) => at > time)
      for (const { run } of due) run()
    },
  }
}

it('acts at once after a pause, and once for all that is wanted before the time has come', () => {
  const clock = handClock()
  const acts: number[] = []
  const pace = paced(() => {
    acts.push(clock.now())
    return 100
  }, clock)
  pace.want()
  pace.want()
  clock.advance(40)
  pace.want()
  expect(acts).toEqual([0])
  clock.advance(60)
  expect(acts).toEqual([0, 100])
  clock.advance(100)
  expect(acts).toEqual([0, 100])
  clock.advance(300)
  pace.want()
  expect(acts).toEqual([0, 100, 500])
})

it('is done a little early with what is at work already, and then not by itself as well', () => {
  const clock = handClock()
  const acts: number[] = []
  const pace = paced(() => {
    acts.push(clock.now())
    return 100
  }, clock)
  pace.want()
  pace.want()
  clock.advance(80)
  pace.want()
  expect(acts).toEqual([0, 80])
  clock.advance(60)
  expect(acts).toEqual([0, 80])
})

it('waits as long as the last act asked for', () => {
  const clock = handClock()
  const acts: number[] = []
  const pace = paced(() => (acts.push(clock.now()) === 1 ? 250 : 100), clock)
  pace.want()
  pace.want()
  clock.advance(100)
  expect(acts).toEqual([0])
  clock.advance(150)
  expect(acts).toEqual([0, 250])
})

it('does nothing more once it is stopped', () => {
  const clock = handClock()
  let acts = 0
  const pace = paced(() => {
    acts++
    return 100
  }, clock)
  pace.want()
  pace.want()
  pace.stop()
  clock.advance(1_000)
  expect(acts).toBe(1)
})
