// What a rebuild of figures promises: the same figures from the same events, while live writes go on.
import { expect, it } from 'vitest'
import type { RollupQuery } from '../figures.ts'
import type { RebuiltEvent } from '../rebuilds.ts'
import type { Outcome } from '../store.ts'
import { event, group, noise, startMs, topic } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

export function rebuildsContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  const figures = (by: RollupQuery['by'] = 'hour') =>
    at.store.rollups({ group, by, fromMs: startMs - dayMs, toMs: startMs + dayMs, timeZone: 'UTC' })
  const begin = async () => (await at.store.rebuilds.begin({ group, by: 'a test' })).id
  const add = (id: number, ...outcomes: Outcome[]) =>
    at.store.rebuilds.add({ id, events: outcomes.flatMap((outcome): RebuiltEvent[] => rebuilt(outcome)) })
  const rebuilt = (outcome: Outcome): RebuiltEvent[] => {
    if (outcome.kind !== 'event') return []
    return [{ event: outcome.event, contentHash: outcome.contentHash, recordMs: outcome.record.timestamp }]
  }
  const addAllRows = async (id: number) => {
    let sum = 0
    for (let after: number | null = 0; after !== null; ) {
      const page = await at.store.rebuilds.addRows({ id, after })
      sum += page.added
      after = page.after
    }
    return sum
  }
  const some = [0, 1, 2, 3].map((offset) =>
    event({ offset }, { event_id: `e${offset}`, user_id: 5000 + offset, event_ms: startMs + offset * hourMs }),
  )
  const unchanged = { carried: null, differences: [], differing: 0 }

  it('comes to the same figures from the same events, each once, and says so', async () => {
    await at.write(...some, noise({ offset: 4 }))
    const before = [await figures(), await figures('minute'), await figures('day')]
    const { id, fences } = await at.store.rebuilds.begin({ group, by: 'a test' })
    expect(fences).toEqual([{ topic, partition: 0, nextOffset: 5 }])
    expect(await add(id, ...some, some[0] as Outcome)).toEqual({ added: 4, again: 1, erased: 0, unknown: 0 })
    expect(await addAllRows(id)).toBe(0)
    expect(await figures()).toEqual(before[0])
    expect(await at.store.rebuilds.finish({ id })).toEqual({ events: 4, erased: 0, ...unchanged })
    expect([await figures(), await figures('minute'), await figures('day')]).toEqual(before)
  })

  it('counts what is stored meanwhile in both generations, whichever way it comes first', async () => {
    await at.write(...some.slice(0, 2))
    const id = await begin()
    await at.write(...some.slice(2))
    const live = await figures()
    expect(await add(id, ...some)).toMatchObject({ added: 2, again: 2 })
    expect(await figures()).toEqual(live)
    expect(await at.store.rebuilds.finish({ id })).toMatchObject({ events: 4, ...unchanged })
    expect(await figures()).toEqual(live)
    await at.write(event({ offset: 9 }, { event_id: 'later' }))
    expect((await figures())[0]?.sums).toMatchObject([{ events: 2 }])
  })

  it('corrects figures that were wrong, and names them', async () => {
    await at.write(...some)
    const before = await figures()
    await at.tamper('UPDATE event_hour SET events = events + 1, amount_cents = amount_cents + 7')
    const id = await begin()
    await add(id, ...some)
    const result = await at.store.rebuilds.finish({ id })
    expect(result).toMatchObject({ carried: null, differing: 4 })
    expect(result.differences[0]).toEqual({
      hour: startMs / hourMs,
      eventType: 'purchase',
      region: 'AU-NSW',
      amountBucket: 'low',
      events: { before: 2, after: 1 },
      amountCents: { before: 1241, after: 1234 },
    })
    expect(await figures()).toEqual(before)
  })

  it('carries over what Kafka no longer holds: from rows, and from sums where those went as well', async () => {
    await at.write(...some.slice(0, 2))
    at.now += 11 * dayMs
    await at.write(...some.slice(2))
    const retention = { eventMsMax: 10 * dayMs, deadLetterMsMax: 10 * dayMs, bytesMax: null }
    await at.store.expire({ budgetMs: 60_000, retention })
    const before = await figures()
    const id = await begin()
    await add(id, some[3] as Outcome)
    expect(await addAllRows(id)).toBe(1)
    const hour = startMs / hourMs
    expect(await at.store.rebuilds.finish({ id })).toEqual({
      events: 2,
      erased: 0,
      carried: { events: 2, firstHour: hour, lastHour: hour + 1 },
      differences: [],
      differing: 0,
    })
    expect(await figures()).toEqual(before)
  })

  it('leaves out erased users, but not what they did later, and tells this from a difference', async () => {
    await at.write(...some)
    at.now += 5
    await at.store.eraseUser({ userId: 5001, by: 'a test' })
    const later = event({ offset: 5, timestamp: at.now + 1 }, { event_id: 'later', user_id: 5001 })
    await at.write(later)
    const id = await begin()
    expect(await add(id, ...some, later)).toEqual({ added: 4, again: 0, erased: 1, unknown: 0 })
    expect(await at.store.rebuilds.finish({ id })).toEqual({ events: 4, erased: 1, ...unchanged })
    expect((await figures()).map(({ fromMs, sums }) => [(fromMs - startMs) / hourMs, sums[0]?.events])).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
    ])
  })

  it('does not count what the group has not stored', async () => {
    await at.write(...some)
    const id = await begin()
    const others = [event({ offset: 7 }, { event_id: 'unknown' }), event({ offset: 8 }, { event_id: 'e0', amount: 99 })]
    expect(await add(id, ...others)).toEqual({ added: 0, again: 0, erased: 0, unknown: 2 })
  })

  it('is begun anew after an interruption, given up, and lets old generations go in steps', async () => {
    await at.write(...some)
    const before = await figures()
    const interrupted = await begin()
    await add(interrupted, ...some)
    const id = await begin()
    await expect(add(interrupted, ...some)).rejects.toThrow('REBUILD_GONE')
    await at.store.rebuilds.cancel({ id })
    await expect(at.store.rebuilds.finish({ id })).rejects.toThrow('REBUILD_GONE')
    await at.write(event({ offset: 9 }, { event_id: 'more', event_ms: startMs + 9 * hourMs }))
    expect((await figures()).slice(0, 4)).toEqual(before)
    const last = await begin()
    await add(last, ...some)
    await addAllRows(last)
    await at.store.rebuilds.finish({ id: last })
    const retention = { eventMsMax: dayMs, deadLetterMsMax: dayMs, bytesMax: null }
    for (let step = 0; step < 20; step++) await at.store.expire({ budgetMs: 0, retention })
    expect((await figures()).slice(0, 4)).toEqual(before)
    await at.tamper('UPDATE consumer_group SET figures_id = NULL')
    expect(await figures()).toEqual([])
  })
}
