// Mappings with scripted functions, against a Kafka that a suite names: each test gets a topic of its own.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import type { KafkaEvent } from '../../../functions/lambda/kafka-event.ts'
import { type Happening, type Invoke, type Mapping, type MappingOptions, startMapping } from '../mapping.ts'

const untilMsMax = 20_000
/** Topics of one run never meet those of another: the Kafka may be an old one. */
const run = Date.now().toString(36)
let topics = 0

export interface Scripted {
  /** The test's topic, with 3 partitions. Its mappings read it as `group-of-<topic>`. */
  readonly topic: string
  readonly admin: Admin
  readonly kafka: Kafka
  readonly producer: Producer
  /** Starts a mapping without a window, and collects what it tells. */
  start(
    invoke: Invoke,
    settings?: object,
    options?: Partial<MappingOptions>,
  ): Promise<{ mapping: Mapping; happenings: Happening[] }>
  /** Resolves once the topic can be written. */
  createTopic(topic: string, partitions: number): Promise<void>
  /** Stops it before the test ends. */
  stop(mapping: Mapping): Promise<void>
  produce(partition: number, values: (string | Buffer)[]): Promise<unknown>
  /** What the group has committed, by partition; -1 for nothing. */
  committed(): Promise<number[]>
  /** Waits until it holds; throws with the state of all mappings when it does not come to that. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>
}

/** To be called once in a suite; what it answers may be used in tests and hooks. */
export function scripted(bootstrap: () => string): Scripted {
  let kafka: Kafka
  let admin: Admin
  let producer: Producer
  let topic: string
  const running = new Set<Mapping>()

  beforeAll(async () => {
    kafka = new Kafka({ brokers: [bootstrap()], logLevel: logLevel.NOTHING })
    admin = kafka.admin()
    producer = kafka.producer()
    await Promise.all([admin.connect(), producer.connect()])
    await coordinated(admin)
  })
  afterAll(() => Promise.all([admin.disconnect(), producer.disconnect()]))
  beforeEach(async () => {
    topics += 1
    topic = `topic-${run}-${topics}`
    await createTopic(admin, topic, 3)
  })
  afterEach(async () => {
    await Promise.all([...running].map((mapping) => mapping.stop()))
    running.clear()
  })

  async function committed(): Promise<number[]> {
    const [offsets] = await admin.fetchOffsets({ groupId: `group-of-${topic}`, topics: [topic] })
    return offsets?.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset)) ?? []
  }

  return {
    get topic() {
      return topic
    },
    get admin() {
      return admin
    },
    get kafka() {
      return kafka
    },
    get producer() {
      return producer
    },
    async start(invoke, settings = {}, options = {}) {
      const happenings: Happening[] = []
      const mapping = await startMapping({
        uuid: `group-of-${topic}`,
        settings: {
          SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap()] } },
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
    },
    createTopic: (name, partitions) => createTopic(admin, name, partitions),
    async stop(mapping) {
      running.delete(mapping)
      await mapping.stop()
    },
    produce: (partition, values) =>
      producer.send({ topic, messages: values.map((value) => ({ partition, value, key: String(partition) })) }),
    committed,
    async until(condition) {
      const deadline = Date.now() + untilMsMax
      while (!(await condition())) {
        if (Date.now() > deadline) {
          const states = [...running].map((mapping) => mapping.state())
          throw new Error(`It never came to: ${condition} ${JSON.stringify(states)} ${await committed()}`)
        }
        await sleep(5)
      }
    },
  }
}

/** Where kafkajs waits for leaders itself, it gives up when a slow Kafka does not know the topic yet. */
async function createTopic(admin: Admin, topic: string, numPartitions: number): Promise<void> {
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false })
  const deadline = Date.now() + untilMsMax
  for (;;) {
    const known = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => null)
    const partitions = known?.topics[0]?.partitions ?? []
    if (partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0)) return
    if (Date.now() > deadline) throw new Error(`${topic} has no leaders`)
    await sleep(20)
  }
}

/** A Kafka that has just started makes its topic of offsets when the first group asks, and refuses until it is there. */
async function coordinated(admin: Admin): Promise<void> {
  const deadline = Date.now() + untilMsMax
  for (;;) {
    try {
      await admin.fetchOffsets({ groupId: 'nobody' })
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}

export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n))

export function valuesIn(event: string): { partition: number; offset: number; value: string }[] {
  const records = Object.values((JSON.parse(event) as KafkaEvent).records).flat()
  return records.map(({ partition, offset, value }) => ({
    partition,
    offset,
    value: Buffer.from(value ?? '', 'base64').toString(),
  }))
}
