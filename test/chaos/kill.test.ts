// kill -9 of the whole stack while 1,000 events/s flow: what was acknowledged is stored, once.
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { expect, it } from 'vitest'
import type { EventRow, Health } from '../../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'

const rounds = 5
const eventsPerTick = 20
const tickMs = 20
const roundMs = 1_200

const eventOf = (id: string) => ({
  event_id: id,
  event_type: 'purchase',
  user_id: 4242 + (Number(id.slice(-3)) || 0),
  amount: 12.5,
  timestamp: new Date().toISOString(),
})

it('loses and doubles nothing over five kills, and goes on within seconds', async () => {
  const directory = freshDirectory()
  const acknowledged = new Set<string>()
  let sent = 0
  for (let round = 0; round < rounds; round++) {
    const stack = await startLocalStack(directory, ['--no-producer'])
    await produceFor(stack, roundMs, acknowledged, () => `r${round}-${sent++}`)
    await stack.kill()
  }
  expect(acknowledged.size).toBeGreaterThan(rounds * 100)

  const stack = await startLocalStack(directory, ['--no-producer'])
  const ids = await eventually('every acknowledged event is stored', async () => {
    const ids = (await allEvents(stack)).map((event) => event.event_id)
    const stored = new Set(ids)
    return [...acknowledged].every((id) => stored.has(id)) && ids
  })
  expect(new Set(ids).size).toBe(ids.length)
  const startedAt = new Date().toISOString()
  const health = await eventually('the offsets were sampled and the rows swept since', async () => {
    const health = await stack.get<Health>('/api/health')
    return (health.sampledAt ?? '') > startedAt && (health.sweptAt ?? '') > startedAt && health
  })
  expect(health).toMatchObject({ balanced: true, complaints: [] })
  // Both consumers of the topic, each for itself; the second starts after what is shown first.
  for (const group of ['analytics-consumer-group', 'abandonment-consumer-group'])
    await eventually(`${group} stores all`, async () => (await storedBy(stack, group)) >= ids.length)
  for (const group of ['analytics-consumer-group', 'abandonment-consumer-group'])
    expect(await storedBy(stack, group)).toBe(ids.length)
  expect(await stack.stop()).toBe(0)
}, 90_000)

async function storedBy(stack: LocalStack, group: string): Promise<number> {
  const { accounts } = await stack.get<Health>('/api/health')
  return accounts.filter((account) => account.group === group).reduce((sum, account) => sum + account.stored, 0)
}

/** Sends batches without waiting for one before the next, and notes each id whose batch was acknowledged. */
async function produceFor(stack: LocalStack, durationMs: number, acknowledged: Set<string>, nextId: () => string) {
  const kafka = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const until = Date.now() + durationMs
  while (Date.now() < until) {
    const ids = Array.from({ length: eventsPerTick }, nextId)
    const messages = ids.map((id) => ({ key: id, value: JSON.stringify(eventOf(id)) }))
    producer
      .send({ topic: 'retail-events', acks: -1, messages })
      .then(() => {
        for (const id of ids) acknowledged.add(id)
      })
      // The kill is under way: nobody was told that these are safe.
      .catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, tickMs))
  }
  producer.disconnect().catch(() => {})
}

async function allEvents(stack: LocalStack): Promise<EventRow[]> {
  const all: EventRow[] = []
  for (let cursor = '0'; ; ) {
    const page = await stack.get<{ events: EventRow[]; cursor: string }>(`/api/events?after=${cursor}&limit=1000`)
    if (page.events.length === 0) return all
    all.push(...page.events)
    cursor = page.cursor
  }
}
