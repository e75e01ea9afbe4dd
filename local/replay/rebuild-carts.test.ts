// The second consumer's state is made anew from a topic, while its group goes on.
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventRulesOf } from '../../functions/business.ts'
import { classifier } from '../../functions/events/classify.ts'
import { consume } from '../../functions/intake/consume.ts'
import { readLog } from '../../functions/kafka/read-log.ts'
import { abandonmentRulesOf } from '../../functions/retail/abandonment/rules.ts'
import { openStore } from '../../functions/store/open.ts'
import type { Store } from '../../functions/store/store.ts'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { startBroker } from '../broker/broker.ts'
import { progressOn } from '../terminal/progress.ts'
import { describeCarts } from './describe-carts.ts'
import { rebuildCarts } from './rebuild-carts.ts'

const { group } = pipeline.abandonment
const { topic } = pipeline.shop
const startMs = Date.UTC(2026, 10, 23)
const now = () => startMs + 600_000
const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 4_000, ABANDON_LATENESS_MS: 500, ABANDON_WINDOW_MS: 1_000 })
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
const progress = progressOn({ write: () => {} }, () => 0)
const rebuild = () => rebuildCarts({ kafka: kafka(), store, group, topic, by: 'a test', progress, now, rules })

interface Message {
  value: string | null
  partition: number
  timestamp: string
}

function message(id: string, type: string, user: number, ms: number): Message {
  const timestamp = new Date(ms).toISOString()
  const event = { event_id: id, event_type: type, user_id: user, amount: 1, timestamp, region: 'AU-NSW' }
  return { value: JSON.stringify(event), partition: user % 2, timestamp: String(ms) }
}

/** Ten carts a second, of which every second one is bought; from 20 s to 26 s none is. Every fifth event comes twice. */
function spike(): Message[] {
  const carts = Array.from({ length: 400 }, (_, cart) => {
    const [user, ms] = [2_000 + cart, startMs + cart * 100]
    const isSpike = cart >= 200 && cart < 260
    const told = [message(`view-${cart}`, 'view', user, ms), message(`cart-${cart}`, 'checkout', user, ms)]
    if (!isSpike && cart % 2 === 0) told.push(message(`purchase-${cart}`, 'purchase', user, ms + 50))
    return cart % 5 === 0 ? [...told, told.at(-1) as Message] : told
  })
  return carts.flat()
}

async function send(messages: Message[]): Promise<void> {
  const producer = new Kafka(kafka()).producer()
  await producer.connect()
  await producer.send({ topic, messages })
  await producer.disconnect()
}

const read = [0, 0]

/** What the mapping, its filter and the consumer would do. */
async function follow(): Promise<void> {
  const classify = classifier(eventRulesOf(pipelineEnvironment()))
  const carts = {
    writeBatch: (batch: Parameters<Store['writeBatch']>[0]) =>
      store.abandonment.writeBatch({ ...batch, isFiltered: true, keepsNoEvents: true }, rules),
  }
  for (const partition of [0, 1]) {
    const from = read[partition] ?? 0
    for await (const { records, readTo } of readLog(kafka(), { topic, partition, from, to: 10_000 })) {
      const passed = records.filter(({ value }) => !value?.includes('"view"'))
      const decoded = passed.map((record) => ({ topic, partition, ...record }))
      await consume(decoded, { store: carts, group, classify, now })
      read[partition] = readTo
    }
  }
}

/** The timer: both partitions were read to their end at this moment. */
const passTime = (ms: number | null) =>
  store.abandonment.passTime(
    { group, topic, partitions: [0, 1].map((partition) => ({ partition, readToEndMs: ms, logStartOffset: 0 })) },
    rules,
  )

const essence = async () => ({
  overview: await store.abandonment.overview(group),
  incidents: await store.abandonment.incidents({ group, limit: 9 }),
})

beforeEach(() => read.fill(0))

it('comes to the same incidents, with duplicates, bad records and quiet times in the topic, and to no offer twice', async () => {
  await passTime(null)
  await send(spike())
  await send([{ ...message('bad', 'checkout', 3_000, startMs), value: 'not json' }])
  await follow()
  await passTime(startMs + 60_000)
  await send([message('late', 'purchase', 2_399, startMs + 40_000)])
  await follow()
  const before = await essence()
  expect(before).toMatchObject({ incidents: [{ end: 'over' }], overview: { late: 1, shoppers: 0 } })
  const rebuilt = await rebuild()
  expect(rebuilt).toMatchObject({ unknown: 0, erased: 0, unmade: 0, served: { differing: 0, incidents: 1, kept: 0 } })
  expect(describeCarts(rebuilt).slice(1)).toEqual(['1 incidents serve now', 'nothing differs'])
  expect(await essence()).toEqual(before)
  expect(before.overview?.offers.made).toBeGreaterThan(20)
})

it('leaves what serves as it was where it cannot come level, and says so', async () => {
  await passTime(null)
  await send(spike())
  await follow()
  const before = await essence()
  let ms = 0
  const parts = { kafka: kafka(), store, group, topic, by: 'a test', progress, rules }
  // Another topic of the same name, which holds less than the group has read.
  await broker.close()
  broker = await startBroker({ port: 0, topics: [{ name: topic, partitions: 2 }] })
  const stuck = rebuildCarts({ ...parts, kafka: kafka(), now: () => (ms += 10_000) })
  await expect(stuck).rejects.toMatchObject({ code: 'REBUILD_STUCK' })
  expect(await essence()).toEqual(before)
})
