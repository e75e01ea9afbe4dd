// Health, summary, lag and throughput over a real store: what is counted, and what is not known.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { deadLetter, event, group, noise, topic } from '../../store/testing/fixtures.ts'
import { healthSchema, lagSchema, summarySchema, throughputSchema } from '../schemas.ts'
import { nowMs, openTestApi, readAnswer, type TestApi } from '../testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

const sample = (partition: number, endOffset: number, committedOffset: number | null, at = nowMs) => ({
  group,
  topic,
  partition,
  at,
  logStartOffset: 0,
  endOffset,
  committedOffset,
})

const get = <Answer>(path: string, schema: z.ZodType<Answer>) => readAnswer(api, path, schema)

describe('health', () => {
  test('is unknown until the offsets were sampled and the rows were swept, then ok', async () => {
    await api.write(event({ offset: 0 }, { event_id: 'a' }), noise({ offset: 1 }))
    expect(await get('/api/health', healthSchema)).toMatchObject({ status: 'unknown', balanced: true, sweptAt: null })
    await api.store.writeLagSamples([sample(0, 2, 2)])
    await api.store.sweep({ budgetMs: 50 })
    api.clock.nowMs += 1000
    const health = await get('/api/health', healthSchema)
    expect(health).toMatchObject({
      status: 'ok',
      balanced: true,
      complaints: [],
      sampledAt: '2026-11-23T00:10:00.500Z',
    })
    expect(health.accounts).toMatchObject([
      { group, topic, partition: 0, nextOffset: 2, stored: 1, noise: 1, unseen: 0 },
    ])
  })

  test('is unbalanced as soon as an offset was committed that nobody accounted', async () => {
    await api.write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 3 }, { event_id: 'b' }))
    await api.store.writeLagSamples([sample(0, 9, 5)])
    const health = await get('/api/health', healthSchema)
    expect(health).toMatchObject({ status: 'unbalanced', balanced: false, accounts: [{ unseen: 3 }] })
    expect(health.complaints).toEqual([`${group} committed 3 offsets of ${topic}-0 that are not accounted`])
  })

  test('is unknown again when the sampler has been silent for ten seconds', async () => {
    await api.store.writeLagSamples([sample(0, 0, null)])
    await api.store.sweep({ budgetMs: 50 })
    api.clock.nowMs += 10_000
    expect(await get('/api/health', healthSchema)).toMatchObject({ status: 'ok' })
    api.clock.nowMs += 1000
    expect(await get('/api/health', healthSchema)).toMatchObject({ status: 'unknown', balanced: true })
  })
})

describe('summary', () => {
  test('says nothing where nothing is known', async () => {
    const summary = await get('/api/summary', summarySchema)
    expect(summary).toMatchObject({ events: 0, errorRate: null, newestEventAgeMs: null, sampledAt: null })
    expect(summary.lag).toEqual({ messages: null, seconds: null, atLeast: false })
  })

  test('counts, rates and ages what arrived', async () => {
    const records = Array.from({ length: 30 }, (_, offset) =>
      event({ offset, timestamp: nowMs }, { event_id: `e${offset}` }),
    )
    await api.write(...records, deadLetter({ offset: 30 }, 'x'), deadLetter({ offset: 31 }, 'y'))
    await api.store.writeLagSamples([sample(0, 32, 32, nowMs), sample(1, 7, 5, nowMs)])
    api.clock.nowMs += 5000
    expect(await get('/api/summary', summarySchema)).toMatchObject({
      events: 30,
      deadLetters: 2,
      eventsPerSecond: 3,
      errorRate: 2 / 32,
      lag: { messages: 2, seconds: 5, atLeast: true },
      newestEventAgeMs: 5000,
      sampledAt: nowMs,
    })
    api.clock.nowMs += 400_000
    expect(await get('/api/summary', summarySchema)).toMatchObject({ events: 30, eventsPerSecond: 0, errorRate: null })
  })

  test('of many readers costs one reading of the store', async () => {
    let readings = 0
    const counting = new Proxy(api.store, {
      get(store, name, receiver) {
        if (name === 'totals') readings++
        return Reflect.get(store, name, receiver)
      },
    })
    const many = await openTestApi({ store: counting })
    await Promise.all(Array.from({ length: 50 }, () => many.get('/api/summary')))
    expect(readings).toBe(1)
  })
})

test('lag names every partition, and what retention took', async () => {
  await api.store.writeLagSamples([
    sample(0, 10, 10, nowMs - 4000),
    sample(0, 30, 10, nowMs - 2000),
    { ...sample(1, 50, 5), logStartOffset: 20 },
    sample(2, 3, null),
  ])
  const { groups } = await get('/api/lag', lagSchema)
  expect(groups).toMatchObject([{ group, topic }])
  expect(groups[0]?.partitions).toMatchObject([
    { partition: 0, endOffset: 30, committedOffset: 10, messages: 20, seconds: 4, lost: 0 },
    { partition: 1, endOffset: 50, committedOffset: 5, messages: 30, seconds: 0, lost: 15 },
    { partition: 2, endOffset: 3, committedOffset: null, messages: 3, seconds: 0, lost: 0 },
  ])
})

test('throughput has a bucket for every second up to the last whole one, gaps included', async () => {
  await api.write(event({ offset: 0 }, { event_id: 'a' }), deadLetter({ offset: 1 }, 'x'))
  api.clock.nowMs += 3000
  await api.write(event({ offset: 2 }, { event_id: 'b' }))
  const { buckets } = await get('/api/throughput?seconds=5', throughputSchema)
  expect(buckets).toEqual([
    { at: '2026-11-23T00:09:58.000Z', events: 0, deadLetters: 0 },
    { at: '2026-11-23T00:09:59.000Z', events: 0, deadLetters: 0 },
    { at: '2026-11-23T00:10:00.000Z', events: 1, deadLetters: 1 },
    { at: '2026-11-23T00:10:01.000Z', events: 0, deadLetters: 0 },
    { at: '2026-11-23T00:10:02.000Z', events: 0, deadLetters: 0 },
  ])
  expect((await get('/api/throughput', throughputSchema)).buckets).toHaveLength(300)
})

test('throughput by steps adds up the seconds of each, up to the last whole step', async () => {
  for (let index = 0; index < 25; index++) {
    await api.write(event({ offset: index }, { event_id: `e${index}` }))
    api.clock.nowMs += 1000
  }
  // 00:10:00 to 00:10:24 were written, and it is 00:10:25.
  const { buckets } = await get('/api/throughput?seconds=40&step=10', throughputSchema)
  expect(buckets).toEqual([
    { at: '2026-11-23T00:09:40.000Z', events: 0, deadLetters: 0 },
    { at: '2026-11-23T00:09:50.000Z', events: 0, deadLetters: 0 },
    { at: '2026-11-23T00:10:00.000Z', events: 10, deadLetters: 0 },
    { at: '2026-11-23T00:10:10.000Z', events: 10, deadLetters: 0 },
  ])
})
