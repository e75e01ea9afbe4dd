// What the kafkajs scripts share: a client that waits for nothing longer than it must, and a reader that ends.
import {
  type Consumer,
  Kafka as KafkaJs,
  type KafkaMessage,
  logLevel,
  type Message,
  Partitioners,
  type ProducerConfig,
} from 'kafkajs'

export const clientOf = (bootstrap: string) =>
  new KafkaJs({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, maxRetryTime: 300 } })

/** A connected producer; the partitioner is Java's. */
export async function producerOf(bootstrap: string, config: ProducerConfig = {}) {
  const producer = clientOf(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner, ...config })
  await producer.connect()
  return producer
}

export async function withAdmin<T>(bootstrap: string, use: (admin: ReturnType<KafkaJs['admin']>) => Promise<T>) {
  const admin = clientOf(bootstrap).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

export interface Taken {
  partition: number
  offset: string
  key: string | null
  value: string | null
  headers: Record<string, string>
}

/** Reads `count` records from the beginning, or from where the group stands, sorted by partition and offset. */
export async function take(
  bootstrap: string,
  options: { topic: string; groupId: string; count: number; readUncommitted?: boolean },
): Promise<Taken[]> {
  const { topic, groupId, count, readUncommitted = false } = options
  const consumer = clientOf(bootstrap).consumer({ groupId, maxWaitTimeInMs: 200, readUncommitted })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  try {
    const taken = await collect(consumer, count)
    return taken.sort((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset))
  } finally {
    await consumer.disconnect()
  }
}

function collect(consumer: Consumer, count: number): Promise<Taken[]> {
  const taken: Taken[] = []
  return new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error)
    })
    consumer
      .run({
        eachMessage: async ({ partition, message }) => {
          taken.push(shown(partition, message))
          if (taken.length === count) resolve(taken)
        },
      })
      .catch(reject)
  })
}

function shown(partition: number, { offset, key, value, headers }: KafkaMessage): Taken {
  const text = Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)])
  return {
    partition,
    offset,
    key: key && String(key),
    value: value && String(value),
    headers: Object.fromEntries(text),
  }
}

export const numbered = (count: number, prefix = 'v'): Message[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i % 7}`, value: `${prefix}${i}` }))

/** What went wrong, as a program would tell it apart: the error's type and Kafka's name for it. */
export async function failure(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'no error'
  } catch (error) {
    const { name, type, cause, errors } = error as {
      name: string
      type?: string
      cause?: Error
      errors?: { type: string }[]
    }
    const inner = (cause as { type?: string } | undefined)?.type
    return [name, type ?? inner ?? errors?.map((each) => each.type).join()].filter(Boolean).join(': ')
  }
}
