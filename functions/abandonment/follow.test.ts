// One batch of the second consumer, on a store in memory.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openShop, shopRecord, spikeRecords, startMs, topic } from '../offers/testing.ts'
import { follow } from './follow.ts'

let shop: Awaited<ReturnType<typeof openShop>>
const unsent: string[] = []
beforeEach(async () => {
  shop = await openShop()
  unsent.length = 0
  const counted = { group: shop.group, topic, partitions: [{ partition: 0, readToEndMs: null, logStartOffset: 0 }] }
  await shop.store.abandonment.passTime(counted, shop.rules)
})
afterEach(() => shop.store.close())

const run = (records: ReturnType<typeof spikeRecords>) => {
  shop.clock.nowMs = (records.at(-1)?.timestamp ?? startMs) + 5
  const parts = { ...shop, store: shop.store.abandonment, onUnsent: (error: Error) => unsent.push(error.message) }
  return follow(records, parts)
}

it('sends each user who abandons in a spike one offer, under one id however often the batch is delivered', async () => {
  const records = spikeRecords()
  const first = await run(records)
  expect(first.offers).toBeGreaterThan(50)
  expect(new Set(shop.sent.map(({ offer_id }) => offer_id)).size).toBe(first.offers)
  expect(new Set(shop.sent.map(({ user_id }) => user_id)).size).toBe(first.offers)
  expect(shop.sent[0]).toMatchObject({ region: 'AU-NSW', discount_percent: 10 })
  expect(await run(records)).toMatchObject({ redelivered: records.length, stored: 0, offers: 0 })
  expect(shop.sent).toHaveLength(first.offers)
})

it('has stored the batch where Kafka takes no offers, and keeps them in the outbox', async () => {
  shop.kafka.isAway = true
  const { stored, offers } = await run(spikeRecords())
  expect(stored).toBeGreaterThan(1_200)
  expect(unsent).toEqual(['KAFKA_UNAVAILABLE: away'])
  const waiting = { group: shop.group, decidedBeforeMs: shop.clock.nowMs + 1, limit: 5_000 }
  expect(await shop.store.abandonment.unpublished(waiting)).toHaveLength(offers)
})

it('puts what cannot be read aside in its own group, and takes views for noise', async () => {
  const broken = { ...shopRecord('checkout', 5_000, startMs), value: Buffer.from('{') }
  expect(await run([broken, shopRecord('view', 5_000, startMs), shopRecord('checkout', 5_001, startMs)])).toMatchObject(
    { stored: 1, noise: 1, deadLetters: 1 },
  )
  expect(await shop.store.deadLetters({ group: shop.group, limit: 9 })).toMatchObject([{ code: 'NOT_JSON' }])
  expect(await shop.store.totals('analytics-consumer-group')).toEqual({ events: 0, deadLetters: 0 })
})

it('puts an event from too far in the future aside, and takes one from the near future for its record’s time', async () => {
  const stamped = (aheadMs: number, user: number) => {
    const record = shopRecord('checkout', user, startMs + aheadMs)
    return { ...record, timestamp: startMs }
  }
  const records = [stamped(299_000, 5_000), stamped(301_000, 5_001), shopRecord('checkout', 5_002, startMs)]
  expect(await run(records)).toMatchObject({ stored: 2, deadLetters: 1, late: 0 })
  expect(await shop.store.deadLetters({ group: shop.group, limit: 9 })).toMatchObject([{ code: 'FUTURE_TIMESTAMP' }])
})
