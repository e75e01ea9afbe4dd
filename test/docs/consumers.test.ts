// What is said of consumers beside each other: what becomes of one is no business of the other. Two real ones, in a copy
// in which each can be made to fail, to hold its batch, or to be slow.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Health, Lag } from '../../functions/api/schemas.ts'
import { openStore } from '../../functions/store/open.ts'
import { startBroker } from '../../local/broker/broker.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { copyProject, replace } from './copy.ts'
import { type Mode, switched } from './switched.ts'

const shop = 'analytics-consumer-group'
const abandonment = 'abandonment-consumer-group'
const leftovers = 'leftovers-consumer-group'
/** Each waits for a condition; a busy machine may take its time. */
const patienceMs = 100_000

let folder: string
let setShop: (mode: Mode) => void
let setAbandonment: (mode: Mode) => void
beforeAll(() => {
  folder = copyProject()
  setShop = switched(folder, 'consumer')
  setAbandonment = switched(folder, 'abandonment')
  // Minutes of patience made seconds.
  replace(folder, 'infra/pipeline.ts', 'MaximumRetryAttempts: 10,', 'MaximumRetryAttempts: 1,')
  // Where the shop is slow, it is so for long enough to be looked at.
  const atOnce = '\n        MaximumBatchingWindowInSeconds: 0,\n      },'
  replace(folder, 'infra/pipeline.ts', `BatchSize: 1000,${atOnce}`, `BatchSize: 100,${atOnce}`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let sent = 0
function checkout() {
  const timestamp = new Date().toISOString()
  const event = { event_id: `event-${sent}`, event_type: 'checkout', user_id: 1_000 + sent++, amount: 10, timestamp }
  return { key: String(event.user_id), value: JSON.stringify(event) }
}

const sendMax = 5_000
/** Checkouts of users of their own, each with an id of its own. */
async function produce(kafka: string, count: number): Promise<void> {
  const producer = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  for (let left = count; left > 0; left -= sendMax) {
    await producer.send({ topic: 'retail-events', messages: Array.from({ length: Math.min(left, sendMax) }, checkout) })
  }
  await producer.disconnect()
}

interface Told {
  stored: number
  redelivered: number
  deadLetters: number
  unseen: number
  /** By the newest samples; null: none yet. */
  behind: number | null
  sampledMs: number
}

/** What the API says of one group: its own account, and its own lag. */
async function told(stack: LocalStack, group: string): Promise<Told> {
  const [health, lag] = [await stack.get<Health>('/api/health'), await stack.get<Lag>('/api/lag')]
  const accounts = health.accounts.filter((account) => account.group === group)
  const sum = (counter: 'stored' | 'redelivered' | 'deadLetters' | 'unseen') =>
    accounts.reduce((total, account) => total + account[counter], 0)
  const partitions = lag.groups.filter((one) => one.group === group).flatMap((one) => one.partitions)
  return {
    stored: sum('stored'),
    redelivered: sum('redelivered'),
    deadLetters: sum('deadLetters'),
    unseen: sum('unseen'),
    behind: partitions.length === 0 ? null : partitions.reduce((total, { messages }) => total + messages, 0),
    sampledMs: lag.sampledAt ?? 0,
  }
}

/** By samples that were taken since it was asked. */
const hasAll = (stack: LocalStack, group: string, stored: number) => {
  const sinceMs = Date.now()
  return eventually(
    `${group} has all ${stored}, and its lag is 0`,
    async () => {
      const now = await told(stack, group)
      return now.stored === stored && now.behind === 0 && now.sampledMs > sinceMs && now
    },
    patienceMs,
  )
}

describe('beside each other', () => {
  const data = freshDirectory()
  let stack: LocalStack
  beforeAll(async () => {
    stack = await startLocalStack(data, ['--no-producer'], folder)
    await produce(stack.kafka, 50)
    await Promise.all([hasAll(stack, shop, 50), hasAll(stack, abandonment, 50)])
  })
  afterAll(() => stack?.stop())
  afterEach(() => {
    setShop('well')
    setAbandonment('well')
  })

  it.each([
    ['the second holds its batch', () => setAbandonment, abandonment, shop],
    ['the shop holds its batch', () => setShop, shop, abandonment],
  ])('%s: the other reads on to the end, and it catches up by itself', async (_, set, held, other) => {
    const before = await told(stack, other)
    set()('holds')
    await produce(stack.kafka, 100)
    await hasAll(stack, other, before.stored + 100)
    await produce(stack.kafka, 100)
    const after = await hasAll(stack, other, before.stored + 200)
    expect(after).toMatchObject({ redelivered: before.redelivered, deadLetters: 0, unseen: 0 })
    const behind = await told(stack, held)
    expect(behind.stored).toBe(before.stored)
    expect(behind.behind).toBeGreaterThan(0)
    set()('well')
    expect(await hasAll(stack, held, before.stored + 200)).toMatchObject({ redelivered: 0, unseen: 0 })
  })

  it('the second fails always: it gives up record by record, a third keeps them, and the shop notices nothing', async () => {
    const before = await told(stack, shop)
    setAbandonment('fails')
    await produce(stack.kafka, 6)
    await hasAll(stack, shop, before.stored + 6)
    const kept = await eventually(
      'all are kept as dead letters of the group that reads what is given up',
      async () => {
        const now = await told(stack, leftovers)
        return now.deadLetters === 6 && now.behind === 0 && now
      },
      patienceMs,
    )
    expect(kept).toMatchObject({ stored: 0, unseen: 0 })
    expect(await told(stack, abandonment)).toMatchObject({ stored: before.stored, deadLetters: 0 })
    setAbandonment('well')
    await produce(stack.kafka, 3)
    await hasAll(stack, abandonment, before.stored + 3)
    expect(await hasAll(stack, shop, before.stored + 9)).toMatchObject({ redelivered: 0, deadLetters: 0, unseen: 0 })

    const store = await openStore(`sqlite:${join(data, 'freshet.db')}`, { readOnly: true })
    const letters = await store.deadLetters({ group: leftovers, after: 0, limit: 100 })
    await store.close()
    expect(new Set(letters.map(({ code }) => code))).toEqual(new Set(['GIVEN_UP']))
    const ids = letters.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()).event_id)
    expect(ids.sort()).toEqual(Array.from({ length: 6 }, (_, i) => `event-${sent - 9 + i}`).sort())
    for (const { reason } of letters) {
      expect(reason).toMatch(
        /^abandonment:\$LATEST gave up retail-events-\d offset \d+ after \d+ attempts: RetriesExhausted$/,
      )
    }
  })

  it('each has an inspector of its own, and what each has done adds up', async () => {
    const { mappings } = await stack.get<{ mappings: { group: string; partitions: unknown[] }[] }>(
      '/api/local/mappings',
    )
    expect(mappings.map(({ group, partitions }) => [group, partitions.length]).sort()).toEqual(
      [
        [abandonment, 3],
        [shop, 3],
        [leftovers, 1],
      ].sort(),
    )
    const since = new Date().toISOString()
    const health = await eventually(
      'all is sampled and swept since',
      async () => {
        const health = await stack.get<Health>('/api/health')
        return (health.sampledAt ?? '') > since && (health.sweptAt ?? '') > since && health
      },
      patienceMs,
    )
    expect(health).toMatchObject({ status: 'ok', balanced: true, complaints: [] })
  })
})

it('a consumer that was away catches up without a loss, and says for how long it will', async () => {
  const broker = await startBroker({ port: 0, dataDir: freshDirectory(), topics: [] })
  const data = freshDirectory()
  const args = ['--no-producer', '--brokers', broker.bootstrap]
  const first = await startLocalStack(data, args, folder)
  await produce(broker.bootstrap, 50)
  await hasAll(first, shop, 50)
  expect(await first.stop()).toBe(0)

  // At a second a batch they take minutes; the trend is read over half of one.
  await produce(broker.bootstrap, 30_000)
  setShop('slow')
  const second = await startLocalStack(data, args, folder)
  const eta = await eventually(
    'its lag shrinks, and it says how long that takes',
    async () => {
      const { groups } = await second.get<Lag>('/api/lag')
      const partitions = groups.filter(({ group }) => group === shop).flatMap((one) => one.partitions)
      return partitions.map(({ messages, etaSeconds }) => (messages > 0 ? etaSeconds : null)).find((seconds) => seconds)
    },
    patienceMs,
  )
  expect(eta).toBeGreaterThan(0)
  setShop('well')
  expect(await hasAll(second, shop, 30_050)).toMatchObject({ redelivered: 0, deadLetters: 0, unseen: 0 })
  const done = (await second.get<Lag>('/api/lag')).groups.find(({ group }) => group === shop)
  expect(done?.partitions.map(({ etaSeconds }) => etaSeconds)).toEqual([0, 0, 0])
  expect(await second.stop()).toBe(0)
  await broker.close()
})
