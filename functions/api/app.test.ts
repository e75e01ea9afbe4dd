// What all answers have in common: refusals, headers, and that the description is whole.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { event } from '../store/testing/fixtures.ts'
import { problemSchema } from './schemas.ts'
import { openTestApi, readAnswer, type TestApi } from './testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

const get = <Answer>(path: string, schema: z.ZodType<Answer>) => readAnswer(api, path, schema)

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
