// Business figures: by the events' own time, in whole cents, each event once, days as the shop's zone has them.
import { expect, it } from 'vitest'
import type { RollupQuery } from '../figures.ts'
import { event, group, startMs } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

export function rollupsContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  const rollups = (query: Partial<RollupQuery>) =>
    at.store.rollups({
      group,
      by: 'minute',
      fromMs: startMs,
      toMs: startMs + dayMs,
      timeZone: 'Australia/Sydney',
      ...query,
    })
  const sum = (
    eventType: string,
    region: string | null,
    amountBucket: string,
    events: number,
    amountCents: number,
  ) => ({
    eventType,
    region,
    amountBucket,
    events,
    amountCents,
  })

  it('sums events by minute, type, region and amount, over batches and redeliveries, late ones in their own minute', async () => {
    const batch = [
      event({ offset: 0 }, { event_id: 'a', amount: 0.1 }),
      event({ offset: 1 }, { event_id: 'b', amount: 0.2, event_ms: startMs + 59_999 }),
      event({ offset: 2 }, { event_id: 'c', amount: 200, event_ms: startMs + 60_000 }),
      event({ offset: 3 }, { event_id: 'd', amount: 60, event_ms: startMs, region: null, event_type: 'view' }),
      event({ offset: 4 }, { event_id: 'a', amount: 0.1 }),
    ]
    await at.write(...batch)
    await at.write(...batch)
    at.now += hourMs
    await at.write(event({ offset: 5 }, { event_id: 'late', amount: 49.99 }))
    expect(await rollups({})).toEqual([
      {
        fromMs: startMs,
        toMs: startMs + minuteMs,
        distinctUsers: null,
        sums: [sum('purchase', 'AU-NSW', 'low', 3, 10 + 20 + 4_999), sum('view', null, 'mid', 1, 6_000)],
      },
      {
        fromMs: startMs + minuteMs,
        toMs: startMs + 2 * minuteMs,
        distinctUsers: null,
        sums: [sum('purchase', 'AU-NSW', 'high', 1, 20_000)],
      },
    ])
    expect(await rollups({ by: 'hour' })).toMatchObject([{ fromMs: startMs, toMs: startMs + hourMs, distinctUsers: 1 }])
    expect(await rollups({ fromMs: startMs + minuteMs, toMs: startMs + minuteMs + 1 })).toHaveLength(1)
    expect(await rollups({ fromMs: startMs + hourMs })).toEqual([])
  })

  it('sums days as the zone has them, also where they begin within an hour', async () => {
    const times = [-1, 0, 30 * minuteMs - 1, 30 * minuteMs, hourMs, 23.5 * hourMs - 1, 23.5 * hourMs, dayMs]
    await at.write(
      ...times.map((time, offset) => event({ offset }, { event_id: `${offset}`, amount: 1, event_ms: startMs + time })),
    )
    const counts = async (timeZone: string) =>
      (await rollups({ by: 'day', timeZone, fromMs: startMs - dayMs, toMs: startMs + 2 * dayMs })).map((day) => [
        (day.fromMs - startMs) / hourMs,
        day.sums.reduce((sum, { events }) => sum + events, 0),
      ])
    expect(await counts('UTC')).toEqual([
      [-24, 1],
      [0, 6],
      [24, 1],
    ])
    expect(await counts('Australia/Sydney')).toEqual([
      [-11, 5],
      [13, 3],
    ])
    expect(await counts('Africa/Monrovia')).toEqual(await counts('UTC'))
    // Half past the hour: 18:30 UTC the day before.
    expect(await counts('Asia/Kolkata')).toEqual([
      [-5.5, 5],
      [18.5, 3],
    ])
  })

  it('counts each user once in an hour and in a day, whatever was delivered how often', async () => {
    const outcomes = Array.from({ length: 300 }, (_, n) =>
      event({ offset: n }, { event_id: `${n}`, user_id: 2_000 + (n % 40), event_ms: startMs + (n % 3) * hourMs }),
    )
    await at.write(...outcomes.slice(0, 200))
    await at.write(...outcomes)
    const users = async (by: 'hour' | 'day') =>
      (await rollups({ by, timeZone: 'UTC' })).map((span) => span.distinctUsers)
    expect(await users('hour')).toEqual([40, 40, 40])
    expect(await users('day')).toEqual([40])
  })

  it('keeps hours and days when events and their minutes have gone', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'b' }))
    at.now += 11 * dayMs
    await at.store.expire({
      budgetMs: 60_000,
      retention: { eventMsMax: 10 * dayMs, deadLetterMsMax: dayMs, bytesMax: null },
    })
    expect(await rollups({})).toEqual([])
    expect((await rollups({ by: 'hour' }))[0]?.sums[0]).toMatchObject({ events: 2, amountCents: 2 * 1_234 })
    expect((await rollups({ by: 'day' }))[0]?.sums[0]).toMatchObject({ events: 2 })
  })

  it('keeps groups apart', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }))
    expect(await rollups({ group: 'other' })).toEqual([])
  })
}
