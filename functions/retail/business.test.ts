import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../events/canonical.ts'
import { classifier } from '../events/classify.ts'
import { testRules } from '../events/testing/rules.ts'

const now = Date.parse('2026-05-01T12:00:00Z')
const classify = classifier(testRules)
const judge = (text: string | null, { isUtf8 = true, recordMs = now } = {}) => classify({ text, isUtf8, recordMs }, now)

const event = {
  event_id: '6f1c2d3e-0000-4000-8000-000000000001',
  event_type: 'purchase',
  user_id: 4242,
  product_id: 17,
  amount: 199.99,
  timestamp: '2026-05-01T11:59:59.123456',
  region: 'AU-NSW',
}
const judgeEvent = (change: object) => judge(JSON.stringify({ ...event, ...change }))
const rejected = (text: string | null, options = {}) => {
  const result = judge(text, options)
  return result.kind === 'dead-letter' ? result.code : result.kind
}

describe('a good event', () => {
  it("is kept as it came, with the seed's enrichment", () => {
    expect(judgeEvent({})).toMatchObject({
      kind: 'event',
      event: {
        ...event,
        timestamp: '2026-05-01T11:59:59.123456Z',
        amount_bucket: 'mid',
        is_revenue_event: true,
        amount_cents: 19999,
        event_ms: Date.parse('2026-05-01T11:59:59.123Z'),
        extra: null,
      },
    })
  })

  it.each([
    ['user_id as text', { user_id: '4242' }, { user_id: 4242 }],
    ['no product, no region', { product_id: null, region: undefined }, { product_id: null, region: null }],
    ['unknown fields', { coupon: { code: 'X' } }, { extra: { coupon: { code: 'X' } } }],
    ['a zone', { timestamp: '2026-05-01T21:59:59+10:00' }, { timestamp: '2026-05-01T11:59:59.000Z' }],
    ['an amount of nothing', { amount: 0 }, { amount: 0, amount_cents: 0, amount_bucket: 'low' }],
    ['a view', { event_type: 'view' }, { is_revenue_event: false }],
    ['exactly five minutes ahead', { timestamp: '2026-05-01T12:05:00' }, {}],
  ])('may have %s', (_, change, expected) => {
    expect(judgeEvent(change)).toMatchObject({ kind: 'event', event: expected })
  })

  it('has one content, however it was written', () => {
    const canonical = (change: object) => {
      const result = judgeEvent(change)
      return result.kind === 'event' ? canonicalJson(result.event) : result
    }
    const asCame = canonical({ extra_b: 1, extra_a: { z: 1, y: [1, { d: 1, c: 2 }] } })
    expect(canonical({ extra_a: { y: [1, { c: 2, d: 1 }], z: 1 }, extra_b: 1, user_id: '4242' })).toBe(asCame)
    expect(canonical({ extra_b: 1, extra_a: { z: 1, y: [1, { d: 1, c: 3 }] } })).not.toBe(asCame)
    expect(canonical({ product_id: null })).toBe(canonical({ product_id: undefined }))
  })
})

describe('noise', () => {
  it('is decided by its type before required fields are', () => {
    expect(judge('{"event_type":"heartbeat"}')).toEqual({ kind: 'noise' })
  })

  it('is a user of the test range', () => {
    expect(judgeEvent({ user_id: 999 })).toEqual({ kind: 'noise' })
    expect(judgeEvent({ user_id: 1000 }).kind).toBe('event')
  })
})

describe('a bad record is put aside with a code', () => {
  it.each([
    ['TOMBSTONE', null],
    ['EMPTY', ''],
    ['EMPTY', ' \n'],
    ['NOT_JSON', '{"event_id":'],
    ['NOT_JSON', '{"amount": NaN}'],
    ['NOT_JSON', 'x'.repeat(1_000_000)],
    ['EVENT_INVALID', '[]'],
    ['EVENT_INVALID', 'null'],
    ['EVENT_INVALID', '"text"'],
    ['MISSING_FIELDS', '{}'],
    ['TOO_DEEP', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['TOO_DEEP', `{"a":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`],
  ])('%s', (code, text) => {
    expect(rejected(text)).toBe(code)
  })

  it('NOT_UTF8', () => {
    expect(rejected('', { isUtf8: false })).toBe('NOT_UTF8')
  })

  it.each([
    ['amount as text', { amount: '12.50' }],
    ['a negative amount', { amount: -0.01 }],
    ['a huge amount', { amount: 1_000_000.01 }],
    ['an unknown type', { event_type: 'refund' }],
    ['a user that is no number', { user_id: 'abc' }],
    ['a user with a fraction', { user_id: 12.5 }],
    ['an empty id', { event_id: '' }],
    ['an id of 201 characters', { event_id: 'x'.repeat(201) }],
    ['an id with a NUL', { event_id: 'a\0b' }],
    ['30 February', { timestamp: '2026-02-30T10:00:00' }],
    ['hour 25', { timestamp: '2026-02-03T25:00:00' }],
    ['a time that is none', { timestamp: 'yesterday' }],
    ['a region that is a number', { region: 7 }],
  ])('EVENT_INVALID for %s', (_, change) => {
    const result = judgeEvent(change)
    expect(result).toMatchObject({ kind: 'dead-letter', code: 'EVENT_INVALID' })
    // The reason names the field, so that whoever sends it can mend it.
    expect((result as { reason: string }).reason).toContain(Object.keys(change)[0])
  })

  it('EVENT_INVALID for an amount beyond every double', () => {
    expect(rejected(JSON.stringify(event).replace('199.99', '1e999'))).toBe('EVENT_INVALID')
  })

  it('MISSING_FIELDS names what is missing', () => {
    expect(judgeEvent({ amount: undefined, user_id: null })).toEqual({
      kind: 'dead-letter',
      code: 'MISSING_FIELDS',
      reason: 'missing: user_id, amount',
    })
  })

  it.each([
    ['of the clock', { timestamp: '2026-05-01T12:05:00.001' }, now + 3_600_000],
    ['of its record', { timestamp: '2026-05-01T11:00:00' }, now - 7_200_000],
  ])('FUTURE_TIMESTAMP for an event ahead %s', (_, change, recordMs) => {
    expect(rejected(JSON.stringify({ ...event, ...change }), { recordMs })).toBe('FUTURE_TIMESTAMP')
  })

  it('and its reason stays short, whatever came', () => {
    const result = judgeEvent({ event_type: 'x'.repeat(100_000) })
    expect((result as { reason: string }).reason.length).toBeLessThanOrEqual(500)
  })
})

it('never throws, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => JSON.stringify({ ...event, extra: json })),
      ),
      (text) => {
        expect(['event', 'noise', 'dead-letter']).toContain(judge(text).kind)
      },
    ),
  )
})

it('sorts a field named __proto__ like any other', () => {
  const withProto = JSON.stringify(event).replace('}', ',"__proto__":{"amount":1}}')
  const result = judge(withProto)
  expect(result).toMatchObject({ kind: 'event', event: { amount: 199.99 } })
})
