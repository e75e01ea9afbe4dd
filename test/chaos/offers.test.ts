// kill -9 in the middle of a spike of abandoned carts: no user gets two offers for one incident, and none is lost.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import type { Abandonment } from '../../functions/api/schemas/abandonment.ts'
import { readLog } from '../../functions/kafka/read-log.ts'
import type { OfferMessage } from '../../functions/offers/publish-offers.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'

const scenario = 'abandonment-spike'
const { group } = pipeline.abandonment
const offersTopic = 'discount-offers'
const patienceMs = 60_000

const carts = 2_000
const firstUser = 10_000
/** A cart each 20 ms, up to now; of the third quarter none is bought. */
function spike(nowMs: number): { key: string; value: string }[] {
  const startMs = nowMs - carts * 20
  return Array.from({ length: carts }, (_, cart) => {
    const told = (type: string, ms: number) => {
      const timestamp = new Date(ms).toISOString()
      const event = { event_id: `${type}-${cart}`, event_type: type, user_id: firstUser + cart, amount: 10, timestamp }
      return { key: `${firstUser + cart}`, value: JSON.stringify({ ...event, region: 'AU-NSW' }) }
    }
    const ms = startMs + cart * 20
    const isBought = cart % 2 === 0 && Math.floor((4 * cart) / carts) !== 2
    return isBought ? [told('checkout', ms), told('purchase', ms + 5)] : [told('checkout', ms)]
  }).flat()
}

/** All at once: until the transaction is over no partition is read to its end, so the timer lets no time pass on it. */
async function produce({ kafka }: LocalStack): Promise<void> {
  const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING })
  const producer = client.producer({ transactionalId: 'spike', idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic: pipeline.shop.topic, messages: spike(Date.now()) })
  await transaction.commit()
  await producer.disconnect()
}

async function offersOn({ kafka }: LocalStack): Promise<OfferMessage[]> {
  const config = { brokers: [kafka], logLevel: logLevel.NOTHING }
  const offers: OfferMessage[] = []
  for (let partition = 0; partition < pipeline.topics[offersTopic].partitions; partition++) {
    const all = { topic: offersTopic, partition, from: 0, to: Number.MAX_SAFE_INTEGER }
    for await (const { records } of readLog(config, all)) {
      offers.push(...records.map(({ value }) => JSON.parse(String(value)) as OfferMessage))
    }
  }
  return offers
}

async function rebuild(directory: string): Promise<string> {
  const given = ['local/run.mjs', 'local/replay.ts', '--rebuild', '--group', group, '--data', directory]
  const child = spawn(process.execPath, given, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  await once(child, 'close')
  return (await output).join('')
}

const read = (stack: LocalStack) => stack.get<Abandonment>('/api/abandonment')
const start = (directory: string) => startLocalStack(directory, ['--scenario', scenario, '--no-producer'])

it('makes each user one offer in an incident, whatever is killed, and the same incidents when they are made anew', async () => {
  const directory = freshDirectory()
  const killed = await start(directory)
  await produce(killed)
  await eventually('the first offers are made', async () => (await read(killed)).offers.made > 0, patienceMs)
  await killed.kill()

  const stack = await start(directory)
  const isOver = ({ decided, offers, incidents }: Abandonment) =>
    decided === carts && offers.waiting === 0 && incidents.every(({ closedAt }) => closedAt !== null)
  const told = await eventually(
    'every cart is decided and every offer sent',
    async () => {
      const answer = await read(stack)
      return isOver(answer) && answer
    },
    patienceMs,
  )
  expect(told).toMatchObject({ late: 0, incidents: [{ end: 'over' }] })

  const offers = await offersOn(stack)
  const ids = new Set(offers.map(({ offer_id }) => offer_id))
  const users = new Set(offers.map(({ incident_id, user_id }) => `${incident_id} ${user_id}`))
  expect(ids.size).toBeGreaterThan(100)
  expect([users.size, told.offers.made]).toEqual([ids.size, ids.size])

  // Reads the topic again, and finds every offer that should have been made among those that were.
  expect(await rebuild(directory)).toContain(`${told.incidents.length} incidents serve now\nnothing differs\n`)
  const again = await read(stack)
  expect([again.incidents, again.offers, again.decided]).toEqual([told.incidents, told.offers, told.decided])
  expect(await offersOn(stack)).toHaveLength(offers.length)
  expect(await stack.stop()).toBe(0)
}, 180_000)
