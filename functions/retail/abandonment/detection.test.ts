// The story that `npm run local -- --scenario abandonment-spike` plays, on a simulated clock: its spike is found, and nothing else.
import { expect, it } from 'vitest'
import { journeys, spike, storyMs } from '../journeys.ts'
import type { Incident } from './region.ts'
import { abandonmentRulesOf } from './rules.ts'
import { type Remembered, settle } from './settle.ts'
import { nextDueMs } from './shopper.ts'
import { type Arrival, arrive } from './step.ts'
import type { Clocks } from './watermark.ts'

const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 4_000, ABANDON_LATENESS_MS: 500, ABANDON_WINDOW_MS: 1_000 })
const originMs = Date.UTC(2026, 10, 23)
const partitions = 3
const eventsPerBatch = 200

/** All that becomes of the story when it is told so many times: what a store would keep, in memory. */
function play(seed: string, times: number) {
  const clocks: Clocks = { partitions, byPartition: new Map() }
  const incidents = new Map<string, Incident>()
  const offers = new Set<string>()
  let remembered: Remembered = { shoppers: new Map(), regions: [], settledMs: null }
  for (const batch of batches(seed, originMs + times * storyMs)) {
    const { activities, watermarkMs, clocks: byPartition } = arrive(clocks, batch, rules)
    clocks.byPartition = byPartition
    const horizon = watermarkMs === null ? null : { ms: watermarkMs, userId: Number.NEGATIVE_INFINITY }
    const settled = settle(remembered, activities, horizon, rules)
    const shoppers = new Map(remembered.shoppers)
    for (const [userId, shopper] of settled.shoppers) {
      if (shopper && nextDueMs(shopper, rules.abandonMs) !== null) shoppers.set(userId, shopper)
      else shoppers.delete(userId)
    }
    remembered = { shoppers, regions: settled.regions, settledMs: settled.settledMs }
    for (const one of settled.incidents) incidents.set(one.id, one)
    for (const { offerId } of settled.offers) offers.add(offerId)
  }
  return { incidents: [...incidents.values()], offers: offers.size }
}

function* batches(seed: string, endMs: number): Generator<Arrival[]> {
  let batch: Arrival[] = []
  for (const { dueMs, event } of journeys({ seed, originMs, fromMs: originMs, eventsPerSecond: 300 })) {
    if (dueMs >= endMs) return
    const { event_type, user_id, region } = event
    batch.push({
      event: { event_type, event_ms: Math.floor(dueMs), user_id, region },
      record: { partition: user_id % partitions, timestamp: Math.floor(dueMs) },
    })
    if (batch.length < eventsPerBatch) continue
    yield batch
    batch = []
  }
}

it.each(['1', '2', '3', '4'])('finds each spike soon, and no other, seed %s', (seed) => {
  const times = 3
  const { incidents, offers } = play(seed, times)
  expect(incidents.map(({ region }) => region)).toEqual(Array.from({ length: times }, () => spike.region))
  incidents.forEach(({ openedMs, closedMs }, time) => {
    const firstDueMs = originMs + time * storyMs + spike.fromMs + rules.abandonMs
    expect(openedMs).toBeGreaterThan(firstDueMs)
    expect(openedMs).toBeLessThanOrEqual(firstDueMs + 10 * rules.windowMs)
    expect(closedMs).toBeLessThan(originMs + (time + 1) * storyMs)
  })
  expect(offers).toBeGreaterThan(times * 50)
})
