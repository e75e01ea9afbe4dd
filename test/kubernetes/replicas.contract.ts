// What replicas of the consumer do together, on any Kafka, with Postgres.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { openStore } from '../../functions/store/open.ts'
import type { Store } from '../../functions/store/store.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { eventually } from '../local-stack.ts'
import { type Replica, runJob, type Stage, startReplica } from './replicas.ts'

const { topic, group } = pipeline.shop
const [mapping] = pipeline.mappings
const { partitions } = pipeline.topics[topic as 'retail-events']
/** A consumer that died is known to be dead after its session; then the machine is as slow as it is. */
const settleMsMax = 120_000
const wave = 3_000

export function replicasContract(bootstrap: () => string): void {
  let stage: Stage
  let store: Store
  let producer: Producer
  let replicas: Replica[] = []
  let sent = 0
  let started = 0

  beforeEach(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-replicas-'))
    const storeUrl = `${inject('postgresUrl')}?schema=replicas_${process.pid}_${Date.now()}`
    stage = { bootstrap: bootstrap(), storeUrl, folder }
    await runJob('migrate', stage)
    store = await openStore(storeUrl)
    producer = new Kafka({ brokers: [stage.bootstrap], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
  })
  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')))
    await producer.disconnect()
    await store.close()
    rmSync(stage.folder, { recursive: true, force: true, maxRetries: 5 })
  })

  async function scaleTo(count: number): Promise<void> {
    const leaving = replicas.slice(count)
    replicas = replicas.slice(0, count)
    const codes = await Promise.all(leaving.map((replica) => replica.end('SIGTERM')))
    expect(codes).toEqual(leaving.map(() => 0))
    const names = Array.from({ length: count - replicas.length }, () => `replica-${started++}`)
    replicas.push(...(await Promise.all(names.map((name) => startReplica(mapping?.name ?? '', name, stage)))))
  }

  /** The partitions of each that is ready; empty until all are. */
  async function shares(): Promise<number[]> {
    const answers = await Promise.all(replicas.map((replica) => replica.partitions()))
    return answers.includes(null) ? [] : answers.map(Number).sort()
  }

  const shared = (expected: number[]) =>
    eventually(
      `shared as ${expected}`,
      async () => (await shares()).join() === [...expected].sort().join(),
      settleMsMax,
    )

  /** Every partition gets its part. */
  async function send(count = wave): Promise<void> {
    const messages = Array.from({ length: count }, () => {
      const n = sent++
      const event = {
        event_id: `event-${n}`,
        event_type: 'purchase',
        user_id: 2000 + (n % 500),
        amount: 1,
        timestamp: '2026-05-01T12:00:00',
      }
      return { key: String(event.user_id), value: JSON.stringify(event), partition: n % partitions }
    })
    await producer.send({ topic, messages })
  }

  const stored = () =>
    eventually(`${sent} events`, async () => (await store.totals(group)).events === sent, settleMsMax)

  /** Each once: in the account, in the sums, and as rows. */
  async function expectNothingLostOrDoubled(): Promise<void> {
    await stored()
    const accounts = await store.accounts()
    const mine = accounts.filter((account) => account.group === group)
    expect(mine.map(({ nextOffset, rangesAbove }) => [nextOffset, rangesAbove])).toEqual(
      Array.from({ length: partitions }, () => [sent / partitions, []]),
    )
    expect(mine.reduce((sum, account) => sum + account.stored, 0)).toBe(sent)
    expect(mine.map(({ duplicates, deadLetters }) => duplicates + deadLetters)).toEqual(mine.map(() => 0))
    const fromMs = Date.UTC(2026, 4, 1)
    const span = { group, fromMs, toMs: fromMs + 86_400_000, timeZone: 'UTC' }
    const hours = await store.rollups({ ...span, by: 'hour' })
    const sums = hours.flatMap((hour) => hour.sums)
    expect(sums.reduce((sum, { events }) => sum + events, 0)).toBe(sent)
    expect(sums.reduce((sum, { amountCents }) => sum + amountCents, 0)).toBe(sent * 100)
  }

  it('share the partitions, stand by, leave, come back and die in mid-batch, and nothing is lost or doubled', async () => {
    await scaleTo(partitions)
    await shared([1, 1, 1])
    await send()
    await stored()

    await scaleTo(2 * partitions)
    await shared([0, 0, 0, 1, 1, 1])
    const standby = await Promise.all(replicas.map((replica) => replica.ask('/ready')))
    expect(standby.filter(({ body }) => body.reason.startsWith('standby'))).toHaveLength(partitions)

    // While they leave, there is work.
    await send()
    await scaleTo(1)
    await send()
    await shared([3])
    await stored()

    await scaleTo(partitions)
    await shared([1, 1, 1])
    const [victim] = replicas
    const caught = async () => stopsInMidBatch(victim) || void (await send(300))
    await eventually('the victim stands still in mid-batch', caught, settleMsMax)
    await victim?.end('SIGKILL')
    replicas = replicas.slice(1)
    await send()
    await shared([1, 2])
    await stored()

    await scaleTo(partitions)
    await shared([1, 1, 1])
    await send()
    await expectNothingLostOrDoubled()
  })
}

/** Stands still after it has invoked the function and before it told a result; else it goes on. */
function stopsInMidBatch(replica: Replica | undefined): boolean {
  replica?.child.kill('SIGSTOP')
  if (replica?.happenings().findLast(({ type }) => /^(invoke|result)$/.test(type))?.type === 'invoke') return true
  replica?.child.kill('SIGCONT')
  return false
}
