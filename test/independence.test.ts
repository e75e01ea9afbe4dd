// Two consumers of one topic, as they really run: what happens to one is no business of the other.
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccountRow, DeadLetterRow, Health, Lag, Summary } from '../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from './local-stack.ts'

const topic = 'retail-events'
const shop = 'analytics-consumer-group'
const abandonment = 'abandonment-consumer-group'

let stack: LocalStack
let sent = 0
beforeAll(async () => {
  stack = await startLocalStack(freshDirectory(), ['--no-producer'])
})
afterAll(() => stack.stop())

/** Checkouts, each with an id of its own; one poisoned record where it is asked for. */
async function produce(
  count: number,
  extra: { value: string; headers?: Record<string, string> }[] = [],
): Promise<void> {
  const producer = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  const messages = Array.from({ length: count }, () => {
    const timestamp = new Date().toISOString()
    const event = { event_id: `event-${sent++}`, event_type: 'checkout', user_id: 1_000 + sent, amount: 10, timestamp }
    return { key: String(event.user_id), value: JSON.stringify(event) }
  })
  await producer.send({ topic, messages: [...messages, ...extra] })
  await producer.disconnect()
}

const accountsOf = async (group: string): Promise<AccountRow[]> =>
  (await stack.get<Health>('/api/health')).accounts.filter((account) => account.group === group)
const sum = (accounts: AccountRow[], counter: 'stored' | 'redelivered' | 'deadLetters') =>
  accounts.reduce((total, account) => total + account[counter], 0)
const stored = (group: string, count: number) =>
  eventually(`${group} stores ${count}`, async () => sum(await accountsOf(group), 'stored') >= count, 50_000)
const local = async (path: string, body: object) => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${stack.dashboard}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.ok, await response.text()).toBe(true)
}

/** Whether the group's mapping has committed all there is, so that nothing comes again. */
async function isAtRest(group: string): Promise<boolean> {
  const { mappings } = await stack.get<{ mappings: MappingState[] }>('/api/local/mappings')
  const partitions = mappings.find((mapping) => mapping.group === group)?.partitions ?? []
  return partitions.length > 0 && partitions.every(({ phase, lag }) => phase === 'idle' && lag === 0)
}

interface MappingState {
  group: string
  partitions: { phase: string; lag: number | null }[]
}

it('a consumer that fails holds up nobody but itself, and catches up when it is well', async () => {
  await produce(200)
  await Promise.all([stored(shop, 200), stored(abandonment, 200)])
  await local('/api/local/faults', { fault: 'crash', on: true })
  await produce(100)
  await stored(abandonment, 300)
  // The fault sends a record of its own to fail at.
  await stored(shop, 301)
  expect(sum(await accountsOf(abandonment), 'redelivered')).toBe(0)
  await local('/api/local/faults', { fault: 'crash', on: false })
  await eventually('the shop has committed all of it', () => isAtRest(shop), 50_000)
}, 120_000)

it('a consumer that reads everything again counts it as read again, and the other notices nothing', async () => {
  const before = await accountsOf(shop)
  const carts = sum(await accountsOf(abandonment), 'stored')
  const summary = await stack.get<Summary>('/api/summary')
  await local('/api/local/replay', {
    group: abandonment,
    offsets: [0, 1, 2].map((partition) => ({ partition, offset: 0 })),
  })
  await eventually(
    'all is read again',
    async () => {
      return sum(await accountsOf(abandonment), 'redelivered') >= carts
    },
    50_000,
  )
  expect(sum(await accountsOf(abandonment), 'stored')).toBe(carts)
  expect(await accountsOf(shop)).toEqual(before)
  expect(await stack.get<Summary>('/api/summary')).toMatchObject({ events: summary.events, deadLetters: 0 })
})

it('each has dead letters of its own, and says how far it is for itself', async () => {
  await produce(1, [{ value: 'not json' }])
  await eventually('both have put it aside', async () => {
    const counts = [sum(await accountsOf(shop), 'deadLetters'), sum(await accountsOf(abandonment), 'deadLetters')]
    return counts.every((count) => count === 1)
  })
  const { deadLetters } = await stack.get<{ deadLetters: DeadLetterRow[] }>('/api/dead-letters')
  expect(deadLetters).toHaveLength(1)
  const { groups } = await stack.get<Lag>('/api/lag')
  expect(groups.map(({ group }) => group)).toEqual(expect.arrayContaining([shop, abandonment]))
  const { mappings } = await stack.get<{ mappings: { group: string }[] }>('/api/local/mappings')
  expect(mappings.map(({ group }) => group)).toEqual(expect.arrayContaining([shop, abandonment]))
})
