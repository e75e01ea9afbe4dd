// The API's answers over a real store: numbers, pages, refusals.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { deadLetter, event, group, noise, topic } from '../store/testing/fixtures.ts'
import {
  deadLettersPageSchema,
  eventsPageSchema,
  healthSchema,
  lagSchema,
  problemSchema,
  summarySchema,
  throughputSchema,
} from './schemas.ts'
import { nowMs, openTestApi, type TestApi } from './testing.ts'

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

/** The answer, which must be what its schema says. */
async function get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> {
  const response = await api.get(path)
  expect(response.status).toBe(200)
  return schema.parse(await response.json())
}

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

describe('pages', () => {
  const seqs = (page: z.infer<typeof eventsPageSchema>) => page.events.map(({ seq }) => seq)
  beforeEach(() =>
    api.write(
      ...Array.from({ length: 120 }, (_, offset) =>
        event({ offset }, { event_id: `e${offset}`, extra: { n: offset } }),
      ),
      deadLetter({ offset: 120 }, 'not JSON'),
      deadLetter({ offset: 121 }, null),
    ),
  )

  test('begin with the newest, whose cursor is where the live stream goes on', async () => {
    const page = await get('/api/events?limit=3', eventsPageSchema)
    expect(seqs(page)).toEqual([120, 119, 118])
    expect(page.cursor).toBe('122')
    expect(page.events[0]).toMatchObject({
      event_id: 'e119',
      extra: { n: 119 },
      amount_bucket: 'low',
      topic,
      partition: 0,
    })
  })

  test('walk back and forth without a gap or a double, and end by standing still', async () => {
    const back: number[] = []
    for (let cursor = '121'; ; ) {
      const page = await get(`/api/events?before=${cursor}&limit=7`, eventsPageSchema)
      if (page.events.length === 0) break
      back.push(...seqs(page))
      cursor = page.cursor
    }
    expect(back).toEqual(Array.from({ length: 120 }, (_, index) => 120 - index))
    const forth = await get('/api/events?after=10&limit=100', eventsPageSchema)
    expect(seqs(forth)).toEqual(Array.from({ length: 100 }, (_, index) => 11 + index))
    expect(forth.cursor).toBe('110')
    expect(await get('/api/events?after=122', eventsPageSchema)).toEqual({ events: [], cursor: '122' })
  })

  test('of dead letters carry the bytes as they came', async () => {
    const { deadLetters } = await get('/api/dead-letters', deadLettersPageSchema)
    expect(deadLetters).toMatchObject([
      { id: 122, offset: 121, raw: null, text: null },
      { id: 121, offset: 120, code: 'NOT_JSON', text: 'not JSON', raw: Buffer.from('not JSON').toString('base64') },
    ])
  })

  test('are cut before they outgrow an answer, and go on from there', async () => {
    const big = 'x'.repeat(900_000)
    await api.write(...Array.from({ length: 12 }, (_, index) => deadLetter({ offset: 200 + index }, big + index)))
    const seen: number[] = []
    for (let cursor = '122'; seen.length < 12; ) {
      const response = await api.get(`/api/dead-letters?after=${cursor}&limit=1000`)
      const text = await response.text()
      expect(text.length).toBeLessThan(6_000_000)
      const page = deadLettersPageSchema.parse(JSON.parse(text))
      expect(page.deadLetters.length).toBeGreaterThan(0)
      seen.push(...page.deadLetters.map(({ id }) => id))
      cursor = page.cursor
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => 123 + index))
  })
})

describe('a refusal', () => {
  test.each<[string, number, string, string]>([
    ['/api/nothing', 404, 'ROUTE_UNKNOWN', 'GET /api/nothing'],
    ['/api/events?limit=0', 400, 'QUERY_INVALID', 'limit: expected a whole number from 1 to 1000'],
    ['/api/events?limit=1e3', 400, 'QUERY_INVALID', 'limit: expected a whole number'],
    ['/api/events?after=-1', 400, 'QUERY_INVALID', 'after: expected a cursor'],
    ['/api/events?after=9999999999999999', 400, 'QUERY_INVALID', 'after: expected a cursor'],
    ['/api/events?after=1&before=2', 400, 'QUERY_INVALID', 'expected after or before'],
    ['/api/throughput?seconds=86401', 400, 'QUERY_INVALID', 'seconds: expected a whole number from 1 to 86400'],
    ['/api/live?after=x', 400, 'QUERY_INVALID', 'after: expected a cursor'],
  ])('of %s is %i %s', async (path, status, code, detail) => {
    const response = await api.get(path)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const problem = problemSchema.parse(await response.json())
    expect(problem).toMatchObject({ status, code })
    expect(problem.detail).toContain(detail)
    expect(response.status).toBe(status)
  })

  test('says that the store is unavailable, with when to try again and nothing of what lies underneath', async () => {
    await api.store.close()
    const response = await api.get('/api/health')
    const text = await response.text()
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(JSON.parse(text)).toMatchObject({ code: expect.stringMatching(/^STORE_/), status: 503 })
    expect(text).not.toMatch(/\.ts|\.db| at /)
  })

  test('of a bug tells the log everything and the client nothing', async () => {
    const logged: unknown[] = []
    const store = new Proxy(api.store, {
      get(target, name, receiver) {
        if (name === 'head') throw new TypeError('secret detail')
        return Reflect.get(target, name, receiver)
      },
    })
    const broken = await openTestApi({ store, onError: (error) => logged.push(error) })
    const response = await broken.get('/api/events')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    expect(String(logged[0])).toContain('secret detail')
  })
})

describe('every answer', () => {
  test('forbids what no page of ours needs', async () => {
    for (const path of ['/api/summary', '/nothing', '/api/live']) {
      const { headers } = await api.get(path)
      expect(headers.get('content-security-policy')).toContain("default-src 'self'")
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test('is refused to a host by another name, whatever the route', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:4000']) {
      expect((await api.get('/api/summary', { host })).status).toBe(403)
    }
    for (const host of ['localhost:4000', '127.0.0.1', 'LOCALHOST']) {
      expect((await api.get('/api/summary', { host })).status).toBe(200)
    }
    const open = await openTestApi({ store: api.store, allowedHosts: undefined })
    expect((await open.get('http://any.example/api/lag')).status).toBe(200)
  })
})

test('an answer that is still the same is not sent again, and nothing else is kept', async () => {
  await api.write(event({ offset: 0 }, { event_id: 'a' }))
  for (const path of ['/api/events?limit=5', '/api/openapi.json', '/api/figures']) {
    const { headers } = await api.get(path)
    expect([path, headers.get('cache-control')]).toEqual([path, 'private, no-cache'])
    const again = await api.get(path, { 'if-none-match': headers.get('etag') ?? '' })
    expect([path, again.status, await again.text()]).toEqual([path, 304, ''])
    expect(again.headers.get('content-security-policy')).toContain("default-src 'self'")
  }
  const known = (await api.get('/api/events')).headers.get('etag') ?? ''
  await api.write(event({ offset: 1 }, { event_id: 'b' }))
  expect((await api.get('/api/events', { 'if-none-match': known })).status).toBe(200)
  for (const path of ['/api/summary', '/api/health', '/api/nothing', '/api/live', '/api/exports/events']) {
    expect([path, (await api.get(path)).headers.get('cache-control')]).toEqual([path, 'no-store'])
  }
})

test('the description names every route with every status, and can be read by machines', async () => {
  const { paths, openapi } = await get('/api/openapi.json', openApi)
  expect(openapi).toBe('3.1.0')
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )
  // Middleware is mounted for all methods; the description does not describe itself.
  const mounted = api.app.routes
    .filter(({ method, path }) => method !== 'ALL' && path !== '/api/openapi.json')
    .map(({ method, path }) => `${method.toLowerCase()} ${path}`)
  expect(new Set(described)).toEqual(new Set(mounted))
  expect(Object.keys(paths['/api/events']?.post?.responses ?? {})).toEqual([
    '200',
    '400',
    '401',
    '403',
    '413',
    '415',
    '422',
    '429',
    '503',
  ])
  expect(paths['/api/events']?.get?.parameters?.slice(0, 3)).toMatchObject([
    { name: 'after', required: false },
    { name: 'before', required: false },
    { name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 1000, default: 50 } },
  ])
})

const operation = z.object({
  responses: z.record(z.string(), z.unknown()),
  parameters: z.array(z.unknown()).optional(),
})
const openApi = z.object({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), operation)) })
