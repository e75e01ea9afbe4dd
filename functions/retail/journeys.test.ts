// The scenario of the simulated shop, on its own clock.
import { expect, it } from 'vitest'
import type { StoryOptions } from '../events/business.ts'
import { type Journey, journeys, spike, storyMs } from './journeys.ts'

const originMs = Date.UTC(2026, 10, 23)
const options: StoryOptions = { seed: 'a seed', originMs, fromMs: originMs, eventsPerSecond: 200 }

function told(fromMs: number, toMs: number, more: Partial<StoryOptions> = {}): Journey[] {
  const all: Journey[] = []
  for (const journey of journeys({ ...options, fromMs, ...more })) {
    if (journey.dueMs >= toMs) return all
    all.push(journey)
  }
  return all
}

it('tells events in order, each stamped with its moment, at the rate asked for', () => {
  const events = told(originMs, originMs + storyMs)
  expect(events.length).toBeGreaterThan(0.9 * 200 * 60)
  expect(events.length).toBeLessThan(1.1 * 200 * 60)
  for (const [index, { dueMs, event }] of events.entries()) {
    expect(dueMs).toBeGreaterThanOrEqual(events[index - 1]?.dueMs ?? 0)
    expect(Date.parse(`${event.timestamp}Z`)).toBe(Math.floor(dueMs))
  }
})

it('lets each user view, fill a cart and check out before they buy', () => {
  const byUser = new Map<number, string[]>()
  for (const { event } of told(originMs, originMs + 10_000)) {
    byUser.set(event.user_id, [...(byUser.get(event.user_id) ?? []), event.event_type])
  }
  const orders = [...byUser.values()].map((types) => types.join(' '))
  const whole = orders.filter((order) => !order.includes('view', 1))
  expect(new Set(whole.filter((order) => order.startsWith('view')))).toEqual(
    new Set(['view', 'view cart_add', 'view cart_add checkout', 'view cart_add checkout purchase']),
  )
})

it('goes on across runs: users of the minute before are on their way', () => {
  const middle = originMs + 31_234.5
  const whole = told(originMs, originMs + storyMs)
  expect([...told(originMs, middle), ...told(middle, originMs + storyMs)]).toEqual(whole)
})

it('repeats itself under one seed and never under another', () => {
  const ids = (seed: string) => told(originMs, originMs + 2_000, { seed }).map(({ event }) => event.event_id)
  expect(ids('a')).toEqual(ids('a'))
  expect(new Set([...ids('a'), ...ids('b')]).size).toBe(ids('a').length + ids('b').length)
})

it('lets few buy in one region for a while, in every telling, and as many as ever elsewhere', () => {
  for (const telling of [0, storyMs]) {
    const events = told(originMs + telling, originMs + telling + storyMs)
    const bought = (region: string, fromMs: number, toMs: number) => {
      const during = events.filter(({ dueMs, event }) => {
        const at = dueMs - originMs - telling
        return event.region === region && at >= fromMs && at < toMs
      })
      const count = (type: string) => during.filter(({ event }) => event.event_type === type).length
      return count('purchase') / count('checkout')
    }
    expect(bought(spike.region, spike.fromMs + 3_000, spike.toMs)).toBeLessThan(0.2)
    expect(bought(spike.region, 0, spike.fromMs)).toBeGreaterThan(0.55)
    expect(bought('AU-VIC', spike.fromMs, spike.toMs)).toBeGreaterThan(0.55)
  }
})
