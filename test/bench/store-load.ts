// What the store's benchmark writes: the shop's events with random ids, a hundred a second of their own time.
import { createHash, randomUUID } from 'node:crypto'
import { toCents } from '../../functions/retail/enrich.ts'
import type { Outcome, Store } from '../../functions/store/store.ts'
import { pipeline } from '../../infra/pipeline.ts'

/** The shop's own, so that a stack can run on a store that was kept. */
export const { group, topic } = pipeline.shop
const { partitions } = pipeline.topics['retail-events']
export const eventsPerSecond = 100
/** 2026-11-23T00:00:00Z */
export const startMs = Date.UTC(2026, 10, 23)

const types = ['purchase', 'view', 'cart_add', 'checkout'] as const
const regions = ['AU-NSW', 'AU-VIC', 'AU-WA', 'AU-QLD']

/** The own time of the event with this number, ms. */
export const eventMsOf = (number: number) => startMs + (number * 1_000) / eventsPerSecond

/** The event with this number, whose id is new each time. Bytes of its JSON as the shop sends it are beside it. */
export function outcome(number: number, eventMs = eventMsOf(number)): Outcome & { kind: 'event' } {
  const cents = 500 + ((number * 7919) % 84_500)
  const sent = {
    event_id: randomUUID(),
    event_type: types[number % 4] as (typeof types)[number],
    user_id: 1000 + ((number * 31) % 9000),
    product_id: 1 + (number % 500),
    amount: cents / 100,
    timestamp: new Date(eventMs).toISOString(),
    region: regions[(number >> 2) % 4] as string,
  }
  const event = {
    ...sent,
    extra: null,
    amount_bucket: cents < 5_000 ? ('low' as const) : cents < 20_000 ? ('mid' as const) : ('high' as const),
    is_revenue_event: number % 4 === 0 || number % 4 === 3,
    amount_cents: toCents(sent.amount),
    event_ms: eventMs,
  }
  const value = Buffer.from(JSON.stringify(sent))
  const place = { topic, partition: number % partitions, offset: Math.floor(number / partitions), timestamp: eventMs }
  const contentHash = createHash('sha256').update(value).digest()
  return { kind: 'event', record: { ...place, key: null, value }, event, contentHash }
}

export const monthSeconds = 30 * 24 * 3_600

/** Types, regions and buckets of amounts together, three times over: nearly each combination is there. */
const eventsPerSpan = 144

/** Moments of a month, ms: of each hour as many events as there are figures, and of each minute of the last hour. */
export function monthOfEvents(): number[] {
  const hourMs = 3_600_000
  const endMs = startMs + monthSeconds * 1_000
  const moments = (fromMs: number, stepMs: number) =>
    Array.from({ length: (endMs - fromMs) / stepMs }, (_, span) =>
      Array(eventsPerSpan).fill(fromMs + span * stepMs),
    ).flat()
  return [...moments(startMs, hourMs), ...moments(endMs - hourMs, hourMs / 60)]
}

export interface Tenth {
  /** us for each event: of the processor, and as it passed. */
  cpu: number
  wall: number
}

export interface Fill {
  tenths: Tenth[]
  /** ms for each batch. */
  batches: number[]
  /** Bytes of JSON for each event. */
  jsonBytes: number
}

/** Writes the events from `from` to below `to`, ten times as many as a tenth. Making them is not part of the figures. */
export async function fill(
  store: Store,
  { from, to, batchSize }: { from: number; to: number; batchSize: number },
): Promise<Fill> {
  const result: Fill = { tenths: [], batches: [], jsonBytes: 0 }
  let number = from
  for (let tenth = 1; tenth <= 10; tenth++) {
    const sum = { cpu: 0, wall: 0 }
    const first = number
    for (const end = from + Math.floor(((to - from) * tenth) / 10); number < end; ) {
      const count = Math.min(batchSize, end - number)
      const outcomes = Array.from({ length: count }, (_, index) => outcome(number + index))
      result.jsonBytes = outcomes.reduce((bytes, { record }) => bytes + (record.value?.length ?? 0), 0) / count
      const cpu = process.cpuUsage()
      const startedMs = performance.now()
      await store.writeBatch({ group, outcomes })
      const wallMs = performance.now() - startedMs
      const used = process.cpuUsage(cpu)
      sum.cpu += used.user + used.system
      sum.wall += wallMs * 1_000
      result.batches.push(wallMs)
      number += count
    }
    const events = Math.max(1, number - first)
    result.tenths.push({ cpu: sum.cpu / events, wall: sum.wall / events })
  }
  return result
}

/** Writes events of one moment at an even rate until it is told to stop. Answers how many. */
export async function writeAtRate(
  store: Store,
  { from, eventMs, perSecond, isOver }: { from: number; eventMs: number; perSecond: number; isOver: () => boolean },
): Promise<{ events: number }> {
  const stepMs = 100
  const perStep = Math.round((perSecond * stepMs) / 1_000)
  let number = from
  for (let dueMs = performance.now(); !isOver(); dueMs += stepMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())))
    const outcomes = Array.from({ length: perStep }, (_, index) => outcome(number + index, eventMs))
    await store.writeBatch({ group, outcomes })
    number += perStep
  }
  return { events: number - from }
}
