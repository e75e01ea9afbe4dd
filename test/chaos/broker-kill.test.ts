// kill -9 of the broker at random moments under idempotent producers with acks=all and a group that commits.
//
// A few rounds by default; ROUNDS=50 for many, SEED=n for the moments of an earlier run.
import kafkajs, { type Producer } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { seededRandom } from '../../functions/random.ts'
import { offsetCommit } from '../../local/broker/api/offset-commit.ts'
import { offsetFetch } from '../../local/broker/api/offset-fetch.ts'
import { ask } from '../../local/broker/testing/ask.ts'
import { type BrokerProcess, endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { temporaryBroker, temporaryDirectory } from '../../local/broker/testing/temporary.ts'

const rounds = Number(process.env.ROUNDS ?? 4)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const topic = 'events'
const groupId = 'committers'
const writers = ['a', 'b', 'c']
/** A kill comes up to this long after the broker answered again. */
const aliveMsMax = 150

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it(
  `loses, doubles and reorders nothing acknowledged over ${rounds} kills, seed ${seed}`,
  async () => {
    console.log(`rounds ${rounds}, seed ${seed}`)
    const random = seededRandom(String(seed))
    const dataDir = temporaryDirectory()
    let broker = await startKillable(dataDir, 0)
    const { port } = broker
    const work = { acknowledged: new Map<string, number>(), committed: 0, stopped: false }
    const producers = await Promise.all(writers.map(() => idempotentProducer(port)))
    const working = [...producers.map((producer, i) => write(producer, writers[i] as string, work)), commit(port, work)]
    for (let round = 1; round <= rounds; round++) {
      await progress(work)
      await sleep(random() * aliveMsMax)
      await endProcess(broker.child, 'SIGKILL')
      broker = await startKillable(dataDir, port)
    }
    work.stopped = true
    await Promise.all(working)
    await Promise.all(producers.map((producer) => producer.disconnect()))
    await endProcess(broker.child, 'SIGKILL')

    const reopened = await temporaryBroker({ dataDir })
    const kept = await readAll(reopened.bootstrap)
    for (const writer of writers) {
      const last = work.acknowledged.get(writer) as number
      expect(kept.get(writer), `writer ${writer}`).toEqual(Array.from({ length: last + 1 }, (_, n) => n))
    }
    expect(await committedOffset(reopened.port)).toBe(work.committed)
  },
  30_000 + rounds * 5_000,
)

interface Work {
  /** By writer, the last number that was acknowledged. */
  acknowledged: Map<string, number>
  /** The last offset whose commit was acknowledged. */
  committed: number
  stopped: boolean
}

async function startKillable(dataDir: string, port: number): Promise<BrokerProcess> {
  const broker = await startBrokerProcess(dataDir, port, ['--partitions', '2'])
  onTestFinished(() => endProcess(broker.child, 'SIGKILL'))
  return broker
}

async function idempotentProducer(port: number): Promise<Producer> {
  const kafka = new kafkajs.Kafka({
    brokers: [`localhost:${port}`],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 50 },
  })
  const producer = kafka.producer({ idempotent: true, createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  return producer
}

/**
 * Sends numbers, keyed by the writer so that they share a partition. A number is sent until it is acknowledged: were it
 * left out, kafkajs would give its sequence to the next one, and the broker would rightly take that for the first.
 */
async function write(producer: Producer, writer: string, work: Work): Promise<void> {
  for (let n = 0; !work.stopped; n++) {
    const messages = [{ key: writer, value: `${n}` }]
    while (!(await acknowledged(producer.send({ topic, acks: -1, messages })))) await sleep(10)
    work.acknowledged.set(writer, n)
  }
}

/** Commits ever higher offsets, each until it is acknowledged. */
async function commit(port: number, work: Work): Promise<void> {
  for (let offset = 1; !work.stopped; offset++) {
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }]
    const request = { groupId, memberId: '', groupInstanceId: null, topics: [{ name: topic, partitions }] }
    const commits = () =>
      ask(port, offsetCommit, 8, request).then((answer) => answer.topics[0]?.partitions[0]?.errorCode === 0)
    while (!(await commits().catch(() => false))) await sleep(10)
    work.committed = offset
  }
}

const acknowledged = (sending: Promise<unknown>) =>
  sending.then(
    () => true,
    () => false,
  )

/** Waits until every writer and the group moved on, so that no kill is wasted on a broker at rest. */
async function progress(work: Work): Promise<void> {
  const before = writers.map((writer) => work.acknowledged.get(writer) ?? -1)
  const committed = work.committed
  const moved = () =>
    work.committed > committed &&
    writers.every((writer, i) => (work.acknowledged.get(writer) ?? -1) > (before[i] as number))
  while (!moved()) await sleep(1)
}

/** By writer, the numbers in the order in which the log holds them. */
async function readAll(bootstrap: string): Promise<Map<string, number[]>> {
  const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const total = (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0)
  await admin.disconnect()
  const consumer = kafka.consumer({ groupId: 'check', maxWaitTimeInMs: 100 })
  onTestFinished(() => consumer.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const kept = new Map<string, number[]>(writers.map((writer) => [writer, []]))
  let read = 0
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        kept.get(String(message.key))?.push(Number(message.value))
        read++
        if (read === total) resolve()
      },
    })
  })
  return kept
}

async function committedOffset(port: number): Promise<number | undefined> {
  const request = { groupId, topics: [{ name: topic, partitionIndexes: [0] }], groups: [], requireStable: false }
  const { topics } = await ask(port, offsetFetch, 7, request)
  return topics[0]?.partitions[0]?.committedOffset
}
