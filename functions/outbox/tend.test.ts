// The second consumer's timer, on a store in memory and offsets that are said.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { follow } from '../abandonment/follow.ts'
import { openShop, shopRecord, spikeRecords, startMs, topic } from '../offers/testing.ts'
import { tend } from './tend.ts'

let shop: Awaited<ReturnType<typeof openShop>>
/** How many records of each partition the group has not read. */
let behind: number[]
beforeEach(async () => {
  shop = await openShop()
  behind = [0, 0, 0]
})
afterEach(() => shop.store.close())

const write = (records: ReturnType<typeof spikeRecords>) =>
  follow(records, { ...shop, store: shop.store.abandonment, onUnsent: () => {} })
const run = () =>
  tend({
    ...shop,
    topic,
    store: shop.store.abandonment,
    keepMs: 60_000,
    offsets: {
      read: async () =>
        behind.map((messages, partition) => ({
          partition,
          logStartOffset: 0,
          endOffset: 1_000,
          committedOffset: 1_000 - messages,
        })),
    },
  })

it('lets a cart fall due though no record comes any more', async () => {
  await write([shopRecord('cart_add', 5_000, startMs)])
  shop.clock.nowMs = startMs + 11_000
  expect(await run()).toMatchObject({ decided: 0 })
  shop.clock.nowMs = startMs + 11_002
  expect(await run()).toMatchObject({ decided: 1, abandoned: 1 })
})

it('waits while the group has not read a partition to its end: a purchase may lie there', async () => {
  await write([shopRecord('cart_add', 5_000, startMs)])
  behind = [0, 1, 0]
  shop.clock.nowMs = startMs + 60_000
  expect(await run()).toMatchObject({ decided: 0 })
  behind = [0, 0, 0]
  expect(await run()).toMatchObject({ decided: 1 })
})

it('ends an incident when nobody comes any more', async () => {
  behind = [0, 0, 0]
  await write([shopRecord('view', 5_000, startMs)])
  await run()
  await write(spikeRecords())
  for (let second = 0; second < 60; second += 5) {
    shop.clock.nowMs = startMs + 120_000 + second * 1_000
    await run()
  }
  const incidents = await shop.store.abandonment.incidents({ group: shop.group, limit: 9 })
  expect(incidents).toMatchObject([{ end: 'over' }])
})

it('sends what was left over, once those who made it had their time, and forgets it after a while', async () => {
  await run()
  shop.clock.nowMs = startMs + 130_000
  shop.kafka.isAway = true
  await write(spikeRecords())
  await expect(run()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  shop.kafka.isAway = false
  // Long enough for the last carts to fall due, and for the offers that are there to be left over.
  shop.clock.nowMs += 20_000
  await run()
  const { made } = (await shop.store.abandonment.overview(shop.group))?.offers ?? { made: 0 }
  expect(made).toBeGreaterThan(50)
  expect(new Set(shop.sent.map(({ offer_id }) => offer_id)).size).toBe(made)
  const count = shop.sent.length
  shop.clock.nowMs += 61_000
  await run()
  expect(shop.sent).toHaveLength(count)
  expect(await shop.store.abandonment.overview(shop.group)).toMatchObject({ offers: { made: 0 } })
})
