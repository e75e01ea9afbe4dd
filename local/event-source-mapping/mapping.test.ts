import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { KafkaEvent } from '../../functions/lambda/kafka-event.ts'
import { type RunningBroker, startBroker } from '../broker/broker.ts'
import { type Happening, type Invoke, type Mapping, type MappingOptions, startMapping } from './mapping.ts'

const ok = { kind: 'ok', payload: 'null' } as const
const failed = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } as const

let dataDir: string
let broker: RunningBroker
let admin: Admin
let producer: Producer
let topic: string
let topics = 0
const running = new Set<Mapping>()

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'freshet-mapping-'))
  broker = await startBroker({ dataDir, port: 0 })
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
  admin = kafka.admin()
  producer = kafka.producer()
  await Promise.all([admin.connect(), producer.connect()])
})

afterAll(async () => {
  await Promise.all([admin.disconnect(), producer.disconnect()])
  await broker.close()
  rmSync(dataDir, { recursive: true, force: true })
})

beforeEach(async () => {
  topics += 1
  topic = `topic-${topics}`
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })
})

afterEach(async () => {
  await Promise.all([...running].map((mapping) => mapping.stop()))
  running.clear()
})

/** Starts a mapping without a window on the test's topic, and collects what it tells. */
async function start(invoke: Invoke, settings: object = {}, options: Partial<MappingOptions> = {}) {
  const happenings: Happening[] = []
  const mapping = await startMapping({
    uuid: `group-of-${topic}`,
    settings: {
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [broker.bootstrap] } },
      Topics: [topic],
      MaximumBatchingWindowInSeconds: 0,
      ...settings,
    },
    invoke,
    retryBackoffMs: { min: 5, max: 20 },
    emit: (happening) => happenings.push(happening),
    ...options,
  })
  running.add(mapping)
  return { mapping, happenings }
}

function produce(partition: number, values: (string | Buffer)[]) {
  return producer.send({ topic, messages: values.map((value) => ({ partition, value, key: String(partition) })) })
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n))

function valuesIn(event: string): { partition: number; offset: number; value: string }[] {
  const records = Object.values((JSON.parse(event) as KafkaEvent).records).flat()
  return records.map(({ partition, offset, value }) => ({
    partition,
    offset,
    value: Buffer.from(value ?? '', 'base64').toString(),
  }))
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > deadline)
      throw new Error(
        `It never came to: ${condition} ${JSON.stringify([...running].map((m) => m.state()))} ${await committed()}`,
      )
    await sleep(5)
  }
}

async function committed(): Promise<number[]> {
  const [offsets] = await admin.fetchOffsets({ groupId: `group-of-${topic}`, topics: [topic] })
  return offsets?.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset)) ?? []
}

it('brings every record to the function, in order within its partition, and commits behind the last', async () => {
  const seen: Record<number, string[]> = { 0: [], 1: [], 2: [] }
  const { mapping } = await start(async (event) => {
    for (const { partition, value } of valuesIn(event)) seen[partition]?.push(value)
    return ok
  })
  await Promise.all([0, 1, 2].map((partition) => produce(partition, numbers(1, 1_000))))
  await until(async () => (await committed()).join() === '1000,1000,1000')
  expect(seen).toEqual({ 0: numbers(1, 1_000), 1: numbers(1, 1_000), 2: numbers(1, 1_000) })
  expect(mapping.state().partitions).toMatchObject([
    { topic, partition: 0, buffered: 0, inFlight: 0, attempt: 0, committedOffset: 1_000, nextOffset: 1_000 },
    { partition: 1 },
    { partition: 2 },
  ])
})

it('loses nothing and keeps order when the function fails now and then', async () => {
  const handled: string[] = []
  let calls = 0
  await start(
    async (event) => {
      calls += 1
      if (calls % 3 !== 0) return failed
      for (const { value } of valuesIn(event)) handled.push(value)
      return ok
    },
    { BatchSize: 20 },
  )
  await produce(0, numbers(1, 200))
  await until(async () => (await committed())[0] === 200)
  expect(handled).toEqual(numbers(1, 200))
})

it('commits nothing before the function has succeeded, and delivers again to the next mapping', async () => {
  await produce(0, numbers(1, 5))
  const { happenings } = await start(async () => failed)
  await until(() => happenings.filter(({ type }) => type === 'retry').length > 2)
  expect(await committed()).toEqual([-1, -1, -1])
  await Promise.all([...running].map((mapping) => mapping.stop()))
  const seen: string[] = []
  await start(async (event) => {
    seen.push(...valuesIn(event).map(({ value }) => value))
    return ok
  })
  await until(async () => (await committed())[0] === 5)
  expect(seen).toEqual(numbers(1, 5))
})

it('retries what a partial answer names, alone', async () => {
  await produce(0, numbers(0, 9))
  const calls: number[][] = []
  await start(
    async (event) => {
      calls.push(valuesIn(event).map(({ offset }) => offset))
      const failures = calls.length === 1 ? [3, 6] : calls.length === 2 ? [6] : []
      const batchItemFailures = failures.map((offset) => ({ itemIdentifier: { partition: `${topic}-0`, offset } }))
      return { kind: 'ok', payload: JSON.stringify({ batchItemFailures }) }
    },
    { FunctionResponseTypes: ['ReportBatchItemFailures'], ProvisionedPollerConfig: {} },
  )
  await until(async () => (await committed())[0] === 10)
  expect(calls).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 6], [6]])
})

it('goes on with other partitions while one is stuck, and says so', async () => {
  const { mapping, happenings } = await start(async (event) => (event.includes(`"${topic}-1"`) ? failed : ok))
  await produce(1, ['stuck'])
  await until(() => happenings.some(({ type }) => type === 'retry'))
  await Promise.all([produce(0, numbers(1, 50)), produce(2, numbers(1, 50))])
  await until(async () => (await committed()).join() === '50,-1,50')
  expect(mapping.state().partitions[1]).toMatchObject({ inFlight: 1, lastError: 'Error: no', committedOffset: null })
  expect(mapping.state().partitions[1]?.attempt).toBeGreaterThan(0)
})

it('cuts batches by their payload, and drops alone a record that fits into no invocation', async () => {
  const large = Buffer.alloc(700_000, 1)
  const { CompressionTypes } = await import('kafkajs')
  const poison = { partition: 0, value: Buffer.alloc(5_000_000) }
  for (let count = 0; count < 12; count += 1) await produce(0, [large])
  await producer.send({ topic, messages: [poison], compression: CompressionTypes.GZIP })
  await produce(0, ['after'])
  const sizes: number[] = []
  const settings = { MaximumBatchingWindowInSeconds: 1 }
  const { happenings } = await start(async (event) => {
    sizes.push(Buffer.byteLength(event))
    return ok
  }, settings)
  await until(async () => (await committed())[0] === 14)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024)
  expect(Math.max(...sizes)).toBeGreaterThan(5 * 1024 * 1024)
  const dropped = happenings.filter(({ type }) => type === 'dropped')
  expect(dropped).toMatchObject([{ records: { [`${topic}-0`]: [12] }, reason: 'MaximumPayloadSizeExceeded' }])
})

it('waits for its window, and not longer', async () => {
  const { happenings } = await start(async () => ok, { MaximumBatchingWindowInSeconds: 1 })
  await until(() => happenings.some(({ type }) => type === 'assigned'))
  await produce(0, ['first'])
  await sleep(200)
  await produce(1, ['second'])
  await until(() => happenings.some(({ type }) => type === 'invoke'))
  const invoked = happenings.filter(({ type }) => type === 'invoke')
  expect(invoked).toMatchObject([{ records: { [`${topic}-0`]: [0], [`${topic}-1`]: [0] }, count: 2 }])
})

it('shares a topic with another mapping of its group, and hands over without loss', async () => {
  const seen = new Set<string>()
  const invoke: Invoke = async (event) => {
    await sleep(2)
    for (const { partition, value } of valuesIn(event)) seen.add(`${partition}/${value}`)
    return ok
  }
  const first = await start(invoke, { BatchSize: 10 })
  await until(() => first.mapping.state().partitions.length === 3)
  const sent = Promise.all([0, 1, 2].map((partition) => produce(partition, numbers(1, 600))))
  const second = await start(invoke, { BatchSize: 10 })
  await until(() => first.mapping.state().partitions.length + second.mapping.state().partitions.length === 3)
  await sent
  await first.mapping.stop()
  running.delete(first.mapping)
  await until(() => second.mapping.state().partitions.length === 3)
  await Promise.all([0, 1, 2].map((partition) => produce(partition, numbers(601, 700))))
  await until(async () => (await committed()).join() === '700,700,700')
  expect(seen.size).toBe(2_100)
})

it('begins at the end of the topic with LATEST, and misses nothing across a restart after that', async () => {
  await produce(0, ['before'])
  const seen: string[] = []
  const invoke: Invoke = async (event) => {
    seen.push(...valuesIn(event).map(({ value }) => value))
    return ok
  }
  const { mapping } = await start(invoke, { StartingPosition: 'LATEST' })
  await until(async () => (await committed()).join() === '1,0,0')
  await mapping.stop()
  running.delete(mapping)
  await produce(0, ['meanwhile'])
  await start(invoke, { StartingPosition: 'LATEST' })
  await until(() => seen.length > 0)
  expect(seen).toEqual(['meanwhile'])
})

it('finishes the running batch when it is stopped, commits it, and starts no other', async () => {
  let calls = 0
  const { mapping, happenings } = await start(
    async () => {
      calls += 1
      await sleep(100)
      return ok
    },
    { BatchSize: 5 },
  )
  await produce(0, numbers(1, 50))
  await until(() => happenings.some(({ type }) => type === 'invoke'))
  await mapping.stop()
  expect(calls).toBe(1)
  expect((await committed())[0]).toBe(5)
})

it('holds few records in memory however many wait, and reads on as they are worked off', async () => {
  const padding = 'x'.repeat(500)
  for (let first = 1; first < 20_000; first += 1_000) {
    const values = numbers(first, first + 999).map((value) => value + padding)
    await Promise.all([produce(0, values), produce(1, values)])
  }
  let release = (): void => {}
  const blocked = new Promise<void>((resolve) => {
    release = resolve
  })
  const { mapping } = await start(
    async () => {
      await blocked
      return ok
    },
    { BatchSize: 1_000 },
  )
  const held = () => mapping.state().partitions.map(({ buffered }) => buffered)
  await until(() => held().filter((buffered) => buffered >= 1_000).length === 2)
  await sleep(200)
  expect(Math.max(...held())).toBeLessThan(6_000)
  release()
  await until(async () => (await committed()).join() === '20000,20000,-1')
})

it('says that Kafka is out of reach, goes on trying, and goes on after a restart without losing anything', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-restart-'))
  const first = await startBroker({ dataDir: directory, port: 0, topics: [{ name: topic, partitions: 3 }] })
  const { port, bootstrap } = first
  await first.close()
  const seen: string[] = []
  const settings = { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap] } } }
  const { mapping, happenings } = await start(async (event) => {
    seen.push(...valuesIn(event).map(({ value }) => value))
    return ok
  }, settings)
  await until(() => happenings.some(({ type }) => type === 'poll-error'))
  const other = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).producer()
  for (const value of ['one', 'two']) {
    const restarted = await startBroker({ dataDir: directory, port })
    await other.connect()
    await other.send({ topic, messages: [{ partition: 0, value }] })
    await until(() => seen.at(-1) === value)
    await other.disconnect()
    await restarted.close()
  }
  await mapping.stop()
  running.delete(mapping)
  expect([...new Set(seen)]).toEqual(['one', 'two'])
  rmSync(directory, { recursive: true, force: true })
})
