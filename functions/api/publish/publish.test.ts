// Posting events: what is published, exactly as it came, and what every answer says.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PipelineError } from '../../errors.ts'
import { openTestApi, type TestApi } from '../testing.ts'
import { elementTexts } from './split.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

const valid = (id: string, more = '') =>
  `{"event_id":"${id}","event_type":"view","user_id":"4242","amount":1.10,"timestamp":"2026-11-23T00:00:00"${more}}`

const ndjson = { 'content-type': 'application/x-ndjson' }
const values = () => api.published.map(({ value }) => value)

describe('events go to the topic as they came, under their user', () => {
  test('one', async () => {
    const response = await api.post(` ${valid('a', ', "extra": 12345678901234567890')}\n`)
    expect([response.status, await response.json()]).toEqual([
      200,
      { accepted: 1, rejected: 0, results: [{ index: 0, partition: 1, offset: 0 }] },
    ])
    expect(api.published).toEqual([{ key: '4242', value: valid('a', ', "extra": 12345678901234567890') }])
  })

  test('an array, refused ones listed at their place', async () => {
    const tricky = valid('b', String.raw`, "note": "],[ \" \\", "list": [1, {"a": [2]}]`)
    const response = await api.post(`[ ${valid('a')} ,\n {"event_id": "x"}, ${tricky}, 7 ]`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      accepted: 2,
      rejected: 2,
      results: [
        { index: 0, offset: 0 },
        { index: 1, error: expect.stringMatching(/^MISSING_FIELDS: missing: event_type/) },
        { index: 2, offset: 1 },
        { index: 3, error: 'EVENT_INVALID: expected a JSON object, got a number' },
      ],
    })
    expect(values()).toEqual([valid('a'), tricky])
  })

  test.each([
    ['that says so', ndjson],
    ['that does not', { 'content-type': 'application/json' }],
    ['without any type', {}],
  ])('lines %s, a broken one refused by itself', async (_, headers) => {
    const body = new TextEncoder().encode(`${valid('a')}\r\n\n{"broken\n${valid('b')}\n`)
    const response = await api.post(body, headers)
    expect(await response.json()).toMatchObject({
      accepted: 2,
      rejected: 1,
      results: [{ index: 0 }, { index: 1, error: 'NOT_JSON: this line is not JSON' }, { index: 2 }],
    })
    expect(values()).toEqual([valid('a'), valid('b')])
  })
})

describe('nothing is published', () => {
  const event = (fields: object) => JSON.stringify({ ...JSON.parse(valid('a')), ...fields })
  test.each<[string, string | Uint8Array<ArrayBuffer>, number, string]>([
    ['nothing at all', '', 400, 'BODY_INVALID'],
    ['no JSON', '{"event_id": ', 400, 'BODY_INVALID'],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, 'BODY_INVALID'],
    ['an empty array', '[]', 400, 'BODY_INVALID'],
    ['only invalid events', '[{}, null]', 422, 'EVENTS_REFUSED'],
    ['a heartbeat', event({ event_type: 'heartbeat' }), 422, 'EVENTS_REFUSED'],
    ['an event of tomorrow', event({ timestamp: '2026-11-24T00:00:00' }), 422, 'EVENTS_REFUSED'],
    ['a deep event', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, 422, 'EVENTS_REFUSED'],
    ['a thousand and one events', `[${Array(1001).fill('1').join()}]`, 413, 'BODY_TOO_LARGE'],
    ['more than a megabyte', JSON.stringify('x'.repeat(1_000_000)), 413, 'BODY_TOO_LARGE'],
  ])('of %s', async (_, body, status, code) => {
    const response = await api.post(body)
    expect(await response.json()).toMatchObject({ status, code })
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
    expect(api.published).toEqual([])
  })

  test.each<[string, Record<string, string>, number]>([
    ['a page of another site', { origin: 'https://evil.example', 'content-type': 'application/json' }, 403],
    ['a page without an origin of its own', { origin: 'null', 'content-type': 'application/json' }, 403],
    ['another port of this machine', { origin: 'http://localhost:9', 'content-type': 'application/json' }, 403],
    ['a navigation from elsewhere', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a form that pretends to be text', { 'content-type': 'text/plain' }, 415],
  ])('for %s', async (_, headers, status) => {
    const response = await api.post(new TextEncoder().encode(valid('a')), { host: 'localhost:4000', ...headers })
    expect(response.status).toBe(status)
    expect(api.published).toEqual([])
  })
})

test('our own page may post', async () => {
  const headers = { host: 'localhost:4000', origin: 'http://localhost:4000', 'content-type': 'application/json' }
  expect((await api.post(valid('a'), headers)).status).toBe(200)
  const modern = { ...headers, 'sec-fetch-site': 'same-origin' }
  expect((await api.post(valid('b'), modern)).status).toBe(200)
})

test('while no broker answers it is 503 with when to try again, and claims nothing', async () => {
  const publish = () => Promise.reject(new PipelineError('KAFKA_UNAVAILABLE', 'retail-events: not acknowledged'))
  const away = await openTestApi({ publish, store: api.store })
  const response = await away.post(`[${valid('a')},{}]`)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await response.json()).toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    accepted: 0,
    rejected: 1,
    results: [
      { index: 0, error: 'KAFKA_UNAVAILABLE: not acknowledged' },
      { index: 1, error: expect.stringContaining('MISSING_FIELDS') },
    ],
  })
})

test('a name that would change every object stays a field like any other', async () => {
  const text = valid('a', ', "__proto__": {"isAdmin": true}, "constructor": {"prototype": {"isAdmin": true}}')
  expect((await api.post(text)).status).toBe(200)
  expect(values()).toEqual([text])
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
})

test('an array is cut at its own commas and nowhere else', () => {
  const elements = ['{"a":"],["}', '[[],[1,2]]', '"\\\\\\"],"', '-1.50', 'null', '{"k":{"k":[{}]}}']
  expect(elementTexts(`[ ${elements.join(' ,\n ')} ]`)).toEqual(elements)
  expect(elementTexts('[1]')).toEqual(['1'])
})
