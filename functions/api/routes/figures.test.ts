// Business figures over HTTP: revenue in cents, days of the shop's zone, and what cannot be asked.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { event } from '../../store/testing/fixtures.ts'
import { nowMs, openTestApi, type TestApi } from '../testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
  await api.write(
    event({ offset: 0 }, { event_id: 'a', amount: 19.99, user_id: 5001, event_ms: nowMs - 60_000 }),
    event({ offset: 1 }, { event_id: 'b', amount: 5, user_id: 5002, event_ms: nowMs - 60_000, event_type: 'view' }),
    event({ offset: 2 }, { event_id: 'c', amount: 0.02, user_id: 5001, event_ms: nowMs - 12 * 3_600_000 }),
  )
})
afterEach(() => api.store.close())

interface Figures {
  timeZone: string
  figures: { from: string; events: number; revenueCents: number; distinctUsers: number | null }[]
}

async function figures(query: string): Promise<Figures> {
  const response = await api.get(`/api/figures?${query}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Figures
}

test('hours of the last day unless another time is asked for', async () => {
  expect((await figures('')).figures).toMatchObject([
    { from: '2026-11-22T12:00:00.000Z', events: 1, revenueCents: 2, distinctUsers: 1 },
    { from: '2026-11-23T00:00:00.000Z', events: 2, revenueCents: 1999, distinctUsers: 2 },
  ])
  expect((await figures('by=minute')).figures).toMatchObject([
    {
      events: 2,
      distinctUsers: null,
      sums: [
        { event_type: 'purchase', is_revenue: true, amountCents: 1999 },
        { event_type: 'view', is_revenue: false, amountCents: 500 },
      ],
    },
  ])
  expect((await figures('by=hour&from=2026-11-22T12:00&to=2026-11-22T13:00:00Z')).figures).toHaveLength(1)
})

test('a date alone is its midnight', async () => {
  expect((await figures('by=hour&from=2026-11-23&to=2026-11-24')).figures).toMatchObject([{ events: 2 }])
})

test('days begin where the shop is', async () => {
  // Midnight in Sydney is 13:00 UTC.
  expect(await figures('by=day')).toMatchObject({
    timeZone: 'Australia/Sydney',
    figures: [
      { from: '2026-11-21T13:00:00.000Z', revenueCents: 2 },
      { from: '2026-11-22T13:00:00.000Z', revenueCents: 1999 },
    ],
  })
})

test.each(['by=year', 'from=yesterday', 'to=2026-02-30T00:00:00'])('%s is refused', async (query) => {
  const response = await api.get(`/api/figures?${query}`)
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'QUERY_INVALID' }])
})
