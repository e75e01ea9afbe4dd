// What the second consumer's state promises: it moves with its batch, once, and the same whatever the order.
import { expect, it } from 'vitest'
import type { OutboxOffer, PartitionReading } from '../abandonment.ts'
import { dueUsersMax } from '../abandonment-state.ts'
import type { Outcome } from '../store.ts'
import { cartOutcomes, group, rules, type Step, spike } from './carts.ts'
import { deadLetter, event, startMs, topic } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function abandonmentContract(open: OpenStore): void {
  const at = storeForEachTest(open)
  const outcome = cartOutcomes()
  const batch = (outcomes: Outcome[]) => ({ group, outcomes, isFiltered: true, keepsNoEvents: true })
  const write = (...steps: Step[]) => at.store.abandonment.writeBatch(batch(steps.map(outcome)), rules)
  const read = (partitions: (number | null)[]) =>
    at.store.abandonment.passTime(
      {
        group,
        topic,
        partitions: partitions.map(
          (seconds, partition): PartitionReading => ({
            partition,
            readToEndMs: seconds === null ? null : startMs + seconds * 1000,
            logStartOffset: 0,
          }),
        ),
      },
      rules,
    )

  it('decides nothing before the partitions are counted, and all of it afterwards', async () => {
    expect(await write({ type: 'cart_add', user: 5000, at: 0 })).toMatchObject({ watermarkMs: null, stored: 1 })
    expect(await read([null])).toMatchObject({ decided: 0 })
    expect(await write({ type: 'checkout', user: 5001, at: 12 })).toMatchObject({ decided: 1, abandoned: 1 })
  })

  it('holds the watermark at the partition that is furthest behind', async () => {
    await read([null, null])
    await write({ type: 'cart_add', user: 5000, at: 0 }, { type: 'cart_add', user: 5001, at: 1, partition: 1 })
    expect(await write({ type: 'cart_add', user: 5002, at: 100 })).toMatchObject({ decided: 0 })
    expect(await write({ type: 'cart_add', user: 5003, at: 13, partition: 1 })).toMatchObject({ decided: 2 })
  })

  it('lets a purchase on another partition save a cart, whichever of the two is read first', async () => {
    await read([null, null])
    await write({ type: 'purchase', user: 5000, at: 5, partition: 1 }, { type: 'view', user: 1, at: 50, partition: 1 })
    await write({ type: 'cart_add', user: 5000, at: 0 }, { type: 'cart_add', user: 6000, at: 0 })
    expect(await write({ type: 'view', user: 1, at: 50 })).toMatchObject({ decided: 2, abandoned: 1 })
  })

  it('lets time pass only on partitions that were read to their end, and only where something waits', async () => {
    await write({ type: 'cart_add', user: 5000, at: 0 })
    expect(await read([30, null, 30])).toMatchObject({ watermarkMs: null, decided: 0 })
    expect(await read([30, 30, 30])).toMatchObject({ decided: 1, abandoned: 1 })
    const before = await at.store.abandonment.overview(group)
    await read([90, 90, 90])
    expect(await at.store.abandonment.overview(group)).toEqual(before)
  })

  it('counts what comes too late, and lets it change nothing', async () => {
    await read([null])
    await write({ type: 'cart_add', user: 5000, at: 0 }, { type: 'view', user: 1, at: 8 })
    expect(await write({ type: 'purchase', user: 5000, at: 3 })).toMatchObject({ stored: 1, late: 1 })
    expect(await write({ type: 'view', user: 1, at: 20 })).toMatchObject({ decided: 1, abandoned: 1 })
    expect(await at.store.abandonment.overview(group)).toMatchObject({ late: 1 })
  })

  it('moves nothing by what is delivered again, or twice under one id', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    await at.store.abandonment.writeBatch(batch(outcomes), rules)
    const before = await at.store.abandonment.overview(group)
    const again = await at.store.abandonment.writeBatch(batch(outcomes), rules)
    expect(again).toMatchObject({ redelivered: outcomes.length, stored: 0, decided: 0, offers: [] })
    expect(await at.store.abandonment.overview(group)).toEqual(before)
  })

  it('opens an incident, makes each user one offer in it, and closes it, however the records are cut', async () => {
    await read([null, null])
    const steps = [...spike()]
    const whole = await at.store.abandonment.writeBatch(batch(steps.map(outcome)), rules)
    const incidents = await at.store.abandonment.incidents({ group, limit: 10 })
    expect(incidents).toMatchObject([{ region: 'AU-NSW', end: 'over', offers: whole.offers.length, published: 0 }])
    expect(whole.offers.length).toBeGreaterThan(5)
    expect(new Set(whole.offers.map(({ userId }) => userId)).size).toBe(whole.offers.length)
    const spikeFirst = startMs + 70_000
    expect((incidents[0]?.openedMs ?? 0) - spikeFirst).toBeLessThanOrEqual(30_000)
  })

  it('finds the same incidents and offers with one partition far ahead, record by record', async () => {
    await read([null, null])
    const other = 'other-group'
    await at.store.abandonment.passTime({ group: other, topic, partitions: [0, 1].map(counted) }, rules)
    const outcomes = [...spike()].map(outcome)
    const whole = await at.store.abandonment.writeBatch(batch(outcomes), rules)
    const [first, second] = [0, 1].map((partition) => outcomes.filter(({ record }) => record.partition === partition))
    const offers: OutboxOffer[] = []
    for (const part of [...cut(first ?? [], 40), ...cut(second ?? [], 7)]) {
      offers.push(...(await at.store.abandonment.writeBatch({ ...batch(part), group: other }, rules)).offers)
    }
    const essence = (made: OutboxOffer[]) => made.map(({ offerId, deadlineMs }) => [offerId, deadlineMs]).sort()
    expect(essence(offers)).toEqual(essence(whole.offers))
    expect(await at.store.abandonment.incidents({ group: other, limit: 9 })).toEqual(
      await at.store.abandonment.incidents({ group, limit: 9 }),
    )
  })

  it('decides more than one transaction takes in several, and forgets who has nothing left', async () => {
    await read([null])
    const users = Array.from({ length: dueUsersMax + 5 }, (_, user): Step => ({ type: 'cart_add', user, at: 0 }))
    expect(await write(...users)).toMatchObject({ decided: 0 })
    expect(await write({ type: 'view', user: 1, at: 60 })).toMatchObject({ isMoreDue: true, decided: dueUsersMax })
    expect(await read([null])).toMatchObject({ isMoreDue: false, decided: 5 })
    expect(await at.store.abandonment.overview(group)).toMatchObject({ shoppers: 0, decided: dueUsersMax + 5 })
  })

  it('keeps offers in the outbox until they are published, and their times', async () => {
    await read([null, null])
    const { offers } = await at.store.abandonment.writeBatch(batch([...spike()].map(outcome)), rules)
    const waiting = () =>
      at.store.abandonment
        .unpublished({ group, decidedBeforeMs: at.now + 1, limit: 1_000 })
        .then(({ length }) => length)
    expect(await waiting()).toBe(offers.length)
    const offerIds = offers.slice(1).map(({ offerId }) => offerId)
    await at.store.abandonment.markPublished({ group, offerIds, atMs: at.now + 7 })
    await at.store.abandonment.markPublished({ group, offerIds, atMs: at.now + 99 })
    expect(await waiting()).toBe(1)
    expect(await at.store.abandonment.unpublished({ group, decidedBeforeMs: at.now, limit: 9 })).toEqual([])
    const steps = await at.store.abandonment.offerSteps({ group, limit: 1_000 })
    expect(steps).toHaveLength(offers.length - 1)
    expect(steps[0]).toMatchObject({ decidedMs: at.now, publishedMs: at.now + 7 })
    await at.store.abandonment.forget({ group, beforeMs: at.now + 8, limit: 1_000 })
    expect(await at.store.abandonment.overview(group)).toMatchObject({ offers: { made: 1, published: 0 } })
  })

  it('keeps an account of its own, with what a filter passed over as noise, and no rows of events', async () => {
    await read([null])
    await at.store.writeBatch({ group: 'shop', outcomes: [event({ offset: 0 }, { event_id: '0-0' })] })
    const outcomes = [0, 2, 5].map((offset) =>
      event({ offset }, { event_id: `0-${offset}`, event_type: 'checkout', user_id: 5000 }),
    )
    await at.store.abandonment.writeBatch(batch([...outcomes, deadLetter({ offset: 9 }, '{')]), rules)
    const accounts = await at.store.accounts()
    const mine = accounts.find((account) => account.group === group)
    expect(mine).toMatchObject({
      startOffset: 0,
      nextOffset: 10,
      rangesAbove: [],
      stored: 3,
      noise: 6,
      deadLetters: 1,
      isFiltered: true,
    })
    expect(accounts.find((account) => account.group === 'shop')).toMatchObject({ nextOffset: 1, stored: 1 })
    expect(await at.store.events({ group, limit: 9 })).toEqual([])
    expect(await at.store.deadLetters({ group, limit: 9 })).toMatchObject([{ code: 'NOT_JSON', offset: 9 }])
    expect(await at.store.totals(group)).toEqual({ events: 3, deadLetters: 1 })
    await at.store.sweep({ budgetMs: 1_000 })
    expect((await at.store.lastSweep()).complaints).toEqual([])
  })

  it('forgets a user who is erased: carts that are undecided, and offers', async () => {
    await read([null, null])
    const { offers } = await at.store.abandonment.writeBatch(batch([...spike()].map(outcome)), rules)
    const [erased, ...others] = offers.map(({ userId }) => userId)
    const { shoppers } = (await at.store.abandonment.overview(group)) ?? { shoppers: 0 }
    await at.store.eraseUser({ userId: 1_000 + 119 * 2, by: 'a test' })
    await at.store.eraseUser({ userId: erased as number, by: 'a test' })
    expect(await at.store.abandonment.overview(group)).toMatchObject({ shoppers: shoppers - 1 })
    const waiting = await at.store.abandonment.unpublished({ group, decidedBeforeMs: at.now + 1, limit: 1_000 })
    expect(waiting.map(({ userId }) => userId).sort()).toEqual(others.sort())
  })

  it('knows nothing of a group without such a state', async () => {
    expect(await at.store.abandonment.overview('nobody')).toBeNull()
    expect(await at.store.abandonment.incidents({ group: 'nobody', limit: 9 })).toEqual([])
    expect(await at.store.abandonment.unpublished({ group: 'nobody', decidedBeforeMs: 9, limit: 9 })).toEqual([])
  })
}

function counted(partition: number): PartitionReading {
  return { partition, readToEndMs: null, logStartOffset: 0 }
}

function* cut<Item>(items: Item[], length: number): Generator<Item[]> {
  for (let from = 0; from < items.length; from += length) yield items.slice(from, from + length)
}
