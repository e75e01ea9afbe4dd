import { describe, expect, test } from 'vitest'
import { eventParser } from '../events/parse.ts'
import { testRules } from '../events/testing/rules.ts'
import { seededRandom } from '../random.ts'
import { generateEvent, naiveTimestamp } from './generate.ts'

const startMs = Date.UTC(2026, 10, 23, 1, 2, 3)

describe('a generated event', () => {
  test('is one that the shop accepts, within the ranges of the simulated shop', () => {
    const random = seededRandom('ranges')
    const parse = eventParser(testRules)
    const events = Array.from({ length: 5000 }, () => generateEvent(random, startMs))
    for (const event of events) {
      expect(parse(event)).toMatchObject({ event_ms: startMs, extra: null })
      expect(event.event_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
    const between = (values: number[], low: number, high: number) =>
      Math.min(...values) >= low && Math.max(...values) <= high
    expect(
      between(
        events.map(({ user_id }) => user_id),
        1000,
        9999,
      ),
    ).toBe(true)
    expect(
      between(
        events.map(({ product_id }) => product_id),
        1,
        500,
      ),
    ).toBe(true)
    expect(
      between(
        events.map(({ amount }) => amount),
        5,
        850,
      ),
    ).toBe(true)
    expect(new Set(events.map(({ event_type }) => event_type)).size).toBe(4)
    expect(new Set(events.map(({ region }) => region)).size).toBe(4)
  })

  test('is stamped in UTC without a zone, with six digits of a second', () => {
    expect(naiveTimestamp(startMs + 0.25)).toBe('2026-11-23T01:02:03.000250')
    expect(naiveTimestamp(startMs + 999.9996)).toBe('2026-11-23T01:02:03.999999')
  })
})
