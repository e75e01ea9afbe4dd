import { describe, expect, test } from 'vitest'
import { PipelineError } from '../errors.ts'
import type { OutgoingMessage } from '../kafka/publish.ts'
import { seededRandom } from '../random.ts'
import { retail } from '../retail/business.ts'
import type { ShopEvent } from '../retail/generate.ts'
import { endOfRun } from './handler.ts'
import { produce } from './produce.ts'
import { uniformStory } from './story.ts'

const startMs = Date.UTC(2026, 10, 23, 1, 2, 3)

/** Runs the producer on a clock of its own, on which a send takes `sendMs`. */
async function run(options: {
  eventsPerSecond: number
  runMs?: number
  sendMs?: number
  remainingMs?: number
  seed?: string
  isDown?: (nowMs: number) => boolean
  fault?: PipelineError
}) {
  let nowMs = startMs
  const sends: { atMs: number; messages: OutgoingMessage[] }[] = []
  const deadlineMs = startMs + (options.remainingMs ?? 3_600_000)
  const fault = options.fault ?? new PipelineError('KAFKA_UNAVAILABLE', 'away')
  let failures = 0
  const pace = { startMs, endMs: startMs + (options.runMs ?? 1000), eventsPerSecond: options.eventsPerSecond }
  const random = seededRandom(options.seed ?? 'a seed')
  const summary = await produce({
    story: uniformStory(pace, (ms) => retail.simulation.sample(random, ms)),
    endMs: pace.endMs,
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
    remainingMs: () => deadlineMs - nowMs,
    async publish(messages) {
      nowMs += options.sendMs ?? 1
      if (options.isDown?.(nowMs)) throw fault
      sends.push({ atMs: nowMs, messages })
    },
    onFailure: () => {
      failures++
    },
  })
  const events = sends.flatMap(({ messages }) => messages.map(({ value }) => JSON.parse(String(value)) as ShopEvent))
  return { summary, sends, events, failures, nowMs }
}

const dueMs = (event: ShopEvent) => Date.parse(`${event.timestamp}Z`)

describe('a run', () => {
  test('sends its first event at once and every other at its moment', async () => {
    const { summary, sends, events } = await run({ eventsPerSecond: 10 })
    expect(summary).toEqual({ acknowledged: 10, unsent: 0, failedSends: 0 })
    expect(events.map((event) => dueMs(event) - startMs)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900])
    expect(sends.map(({ atMs }) => atMs - startMs)).toEqual([1, 101, 201, 301, 401, 501, 601, 701, 801, 901])
  })

  test('at a high rate sends one batch a tick, in order, none before it is due', async () => {
    const { summary, sends, events } = await run({ eventsPerSecond: 10_000 })
    expect(summary.acknowledged).toBe(10_000)
    expect(sends.length).toBeLessThanOrEqual(101)
    expect(events.map(({ timestamp }) => timestamp)).toEqual(events.map(({ timestamp }) => timestamp).sort())
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(10_000)
    for (const { atMs, messages } of sends) {
      expect(dueMs(JSON.parse(String(messages.at(-1)?.value)))).toBeLessThanOrEqual(atMs)
    }
  })

  test('keeps what is due while the broker is away, and sends it once, under its own moments', async () => {
    const isDown = (nowMs: number) => nowMs > startMs + 200 && nowMs < startMs + 700
    const { summary, events, failures } = await run({ eventsPerSecond: 100, isDown })
    expect(summary).toEqual({ acknowledged: 100, unsent: 0, failedSends: failures })
    expect(failures).toBeGreaterThan(0)
    expect(failures).toBeLessThan(10)
    expect(events.map((event) => dueMs(event) - startMs)).toEqual(Array.from({ length: 100 }, (_, index) => index * 10))
  })

  test('counts what it could not send', async () => {
    const { summary } = await run({ eventsPerSecond: 100, isDown: (nowMs) => nowMs > startMs + 495 })
    expect(summary).toMatchObject({ acknowledged: 50, unsent: 50 })
  })

  test('fails when nothing at all was acknowledged, or the broker refuses for good', async () => {
    await expect(run({ eventsPerSecond: 10, isDown: () => true })).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
    const fault = new PipelineError('KAFKA_REFUSED', 'no such topic')
    const isDown = (nowMs: number) => nowMs > startMs + 500
    await expect(run({ eventsPerSecond: 10, isDown, fault })).rejects.toMatchObject({ code: 'KAFKA_REFUSED' })
  })

  test('ends before its invocation is ended from outside', async () => {
    const { nowMs, summary } = await run({ eventsPerSecond: 10, runMs: 60_000, remainingMs: 20_000 })
    expect(nowMs - startMs).toBeLessThan(15_000)
    expect(summary.acknowledged).toBeGreaterThan(130)
  })

  test('is the same again with the same seed, and another with another', async () => {
    const first = await run({ eventsPerSecond: 10, seed: 'one' })
    expect((await run({ eventsPerSecond: 10, seed: 'one' })).events).toEqual(first.events)
    expect((await run({ eventsPerSecond: 10, seed: 'two' })).events).not.toEqual(first.events)
  })

  test('ends as the next one begins, or takes its minute where it was started late', () => {
    const due = new Date(startMs).toISOString()
    expect(endOfRun(due, startMs + 300)).toBe(startMs + 59_900)
    expect(endOfRun(due, startMs + 40_000)).toBe(startMs + 99_900)
    expect(endOfRun(undefined, startMs)).toBe(startMs + 59_900)
  })
})
