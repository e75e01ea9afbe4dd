// Days of a calendar, with the hours that clocks skip or give twice.
import { expect, it } from 'vitest'
import { spansBetween, spansMax } from './spans.ts'

const hourMs = 3_600_000
const at = (text: string) => Date.parse(text)
const days = (timeZone: string, from: string, to: string) =>
  spansBetween('day', { fromMs: at(from), toMs: at(to) }, timeZone).map((span) => [
    new Date(span.from).toISOString(),
    (span.to - span.from) / hourMs,
  ])

it('cuts days where the zone begins them', () => {
  expect(days('Australia/Sydney', '2026-11-23T12:59:00Z', '2026-11-23T13:00:01Z')).toEqual([
    ['2026-11-22T13:00:00.000Z', 24],
    ['2026-11-23T13:00:00.000Z', 24],
  ])
  expect(days('UTC', '2026-11-23T00:00:00Z', '2026-11-24T00:00:00Z')).toEqual([['2026-11-23T00:00:00.000Z', 24]])
  expect(days('Asia/Kolkata', '2026-11-23T00:00:00Z', '2026-11-23T00:00:01Z')).toEqual([
    ['2026-11-22T18:30:00.000Z', 24],
  ])
})

it('knows the short and the long day of a year', () => {
  expect(days('Australia/Sydney', '2026-10-03T20:00:00Z', '2026-10-03T21:00:00Z')).toEqual([
    ['2026-10-03T14:00:00.000Z', 23],
  ])
  expect(days('Australia/Sydney', '2026-04-04T20:00:00Z', '2026-04-04T21:00:00Z')).toEqual([
    ['2026-04-04T13:00:00.000Z', 25],
  ])
  expect(days('Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-24T13:00:00Z')).toEqual([
    ['2026-04-23T22:00:00.000Z', 23],
  ])
})

it('leaves no gap between days, for a year', () => {
  for (const zone of ['Australia/Sydney', 'Australia/Lord_Howe', 'America/St_Johns', 'Africa/Cairo', 'Pacific/Apia']) {
    const spans = spansBetween('day', { fromMs: at('2026-01-01'), toMs: at('2027-01-01') }, zone)
    expect(spans.length).toBeGreaterThan(364)
    for (const [index, span] of spans.entries()) if (index > 0) expect(span.from).toBe(spans[index - 1]?.to)
  }
})

it('cuts minutes and hours in UTC, also before 1970, and no more than are shown', () => {
  expect(spansBetween('hour', { fromMs: -1, toMs: 1 }, 'Australia/Sydney')).toEqual([
    { from: -hourMs, to: 0 },
    { from: 0, to: hourMs },
  ])
  expect(spansBetween('minute', { fromMs: 0, toMs: 60_000 }, 'UTC')).toEqual([{ from: 0, to: 60_000 }])
  expect(spansBetween('minute', { fromMs: 0, toMs: at('2026-01-01') }, 'UTC')).toHaveLength(spansMax)
  expect(spansBetween('day', { fromMs: 5, toMs: 5 }, 'UTC')).toHaveLength(1)
})
