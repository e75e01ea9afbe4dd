// Figures are made anew from a topic, whatever else lies in it.
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { classifier } from '../../functions/events/classify.ts'
import { testRules } from '../../functions/events/testing/rules.ts'
import { consume } from '../../functions/intake/consume.ts'
import { readLog } from '../../functions/kafka/read-log.ts'
import { openStore } from '../../functions/store/open.ts'
import type { Store } from '../../functions/store/store.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { startBroker } from '../broker/broker.ts'
import { progressOn } from '../terminal/progress.ts'
import { describeRebuild, rebuildFigures } from './rebuild.ts'

const { group, topic } = pipeline.shop
const now = () => Date.UTC(2026, 10, 23)
let broker: Awaited<ReturnType<typeof startBroker>>
let store: Store
beforeEach(async () => {
  broker = await startBroker({ port: 0, topics: [{ name: topic, partitions: 2 }] })
  store = await openStore('sqlite::memory:', { clock: now })
})
afterEach(async () => {
  await store.close()
  await broker.close()
})

const kafka = () => ({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
const event = (id: string, fields: object = {}) =>
  JSON.stringify({
    event_id: id,
    event_type: 'view',
    user_id: 4242,
    amount: 1,
    timestamp: '2026-11-22T10:00:00',
    ...fields,
  })

async function send(messages: { value: string | null; partition: number }[], isCommitted?: boolean): Promise<void> {
  const options = isCommitted === undefined ? {} : { transactionalId: 'a', idempotent: true, maxInFlightRequests: 1 }
  const producer = new Kafka(kafka()).producer(options)
  await producer.connect()
  if (isCommitted === undefined) await producer.send({ topic, messages })
  else {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages })
    await (isCommitted ? transaction.commit() : transaction.abort())
  }
  await producer.disconnect()
}

/** What the mapping and the consumer would do. */
async function consumeAll(): Promise<void> {
  const classify = classifier(testRules)
  for (const partition of [0, 1]) {
    for await (const { records } of readLog(kafka(), { topic, partition, from: 0, to: 1_000 })) {
      const decoded = records.map((record) => ({ topic, partition, ...record }))
      await consume(decoded, { store, group, classify, now })
    }
  }
}

const figures = () => store.rollups({ group, by: 'hour', fromMs: now() - 86_400_000, toMs: now(), timeZone: 'UTC' })

it('comes to the same, with duplicates, conflicts, bad records, noise and transactions in the topic', async () => {
  await send(Array.from({ length: 300 }, (_, n) => ({ value: event(`${n % 200}`), partition: n % 2 })))
  await send([
    { value: event('0', { amount: 2 }), partition: 0 },
    { value: 'not json', partition: 0 },
    { value: null, partition: 1 },
    { value: event('beat', { event_type: 'heartbeat' }), partition: 1 },
  ])
  await send([{ value: event('committed'), partition: 0 }], true)
  await send([{ value: event('aborted'), partition: 0 }], false)
  await consumeAll()
  const before = await figures()
  expect(before[0]?.sums[0]).toMatchObject({ events: 201 })
  const progress = progressOn({ write: () => {} }, () => 0)
  const rebuilt = await rebuildFigures({ kafka: kafka(), store, group, topic, by: 'a test', progress, now })
  expect(rebuilt).toEqual({
    records: 305,
    fromRows: 0,
    unknown: 1,
    result: { events: 201, erased: 0, carried: null, differences: [], differing: 0 },
  })
  expect(await figures()).toEqual(before)
})

it('keeps the old figures where the topic cannot be read', async () => {
  await send([{ value: event('a'), partition: 0 }])
  await consumeAll()
  const before = await figures()
  const progress = progressOn({ write: () => {} }, () => 0)
  const parts = { store, group, topic: 'no-such-topic', by: 'a test', progress, now }
  await expect(rebuildFigures({ kafka: kafka(), ...parts })).rejects.toThrow('KAFKA_REFUSED')
  expect(await figures()).toEqual(before)
  await send([{ value: event('b'), partition: 0 }])
  await consumeAll()
  expect((await figures())[0]?.sums[0]).toMatchObject({ events: 2 })
})

it('tells in words what was carried over, left out and corrected', () => {
  const difference = { hour: 495_000, eventType: 'view', region: null, amountBucket: 'low' }
  const change = { events: { before: 2, after: 1 }, amountCents: { before: 1_200, after: 600 } }
  const carried = { events: 3, firstHour: 494_000, lastHour: 494_002 }
  const result = { events: 1_500, erased: 2, carried, differences: [{ ...difference, ...change }], differing: 1 }
  expect(describeRebuild({ records: 2_000, fromRows: 4, unknown: 5, result })).toEqual([
    '1,500 events are counted anew; 2,000 records were read',
    '  4 of them Kafka no longer holds; their rows were',
    '  3 more are carried over as sums: neither Kafka nor rows hold them (2026-05-10T08:00Z to 2026-05-10T10:00Z)',
    '  2 of users who were erased since are left out',
    '  5 would be events by now, and are not stored: a replay is for them',
    '1 figures came out otherwise and were corrected:',
    '  2026-06-21T00:00Z view without a region low: 2 -> 1 events, 1,200 -> 600 cents',
  ])
})
