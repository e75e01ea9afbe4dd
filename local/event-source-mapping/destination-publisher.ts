// Publishes to the topic that is a mapping's on-failure destination, by a producer of its own that connects when first needed.
import { Kafka, logLevel, type Producer } from 'kafkajs'

export interface DestinationPublisher {
  /** @throws kafkajs's error when not all of the messages were acknowledged by all replicas */
  publish(topic: string, messages: { key: Buffer | null; value: string }[]): Promise<void>
  close(): Promise<void>
}

/** In one request: a batch of large records must not become a request larger than a broker takes. */
const requestBytesMax = 700_000

/** Over after some seconds: the partition waits meanwhile, and a topic that is not there will not come. */
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 }

export function openDestinationPublisher(clientId: string, brokers: string[]): DestinationPublisher {
  const kafka = new Kafka({ clientId, brokers, retry, connectionTimeout: 1_000, logLevel: logLevel.NOTHING })
  let connecting: Promise<Producer> | null = null
  const connected = (): Promise<Producer> => {
    connecting ??= connect(kafka).catch((error) => {
      connecting = null
      throw error
    })
    return connecting
  }
  return {
    async publish(topic, messages) {
      const producer = await connected()
      for (const some of requestsOf(messages)) await producer.send({ topic, messages: some, acks: -1 })
    },
    async close() {
      if (connecting) await connecting.then((producer) => producer.disconnect()).catch(() => {})
    },
  }
}

async function connect(kafka: Kafka): Promise<Producer> {
  // As on AWS, the topic must exist.
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  return producer
}

function requestsOf<T extends { value: string }>(messages: readonly T[]): T[][] {
  const requests: T[][] = []
  let bytes = requestBytesMax
  for (const message of messages) {
    if (bytes + message.value.length > requestBytesMax) {
      requests.push([])
      bytes = 0
    }
    bytes += message.value.length
    requests.at(-1)?.push(message)
  }
  return requests
}
