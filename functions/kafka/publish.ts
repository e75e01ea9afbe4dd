// Publishing: messages to a topic, acknowledged by all replicas, each with its partition and offset.
import { Kafka, type KafkaConfig, type Message, type Producer, type RecordMetadata } from 'kafkajs'
import { PipelineError } from '../errors.ts'
import { kafkaFault } from './fault.ts'
import { tellingPartitioner } from './partition.ts'
import { within } from './within.ts'

export interface OutgoingMessage {
  /** Messages with the same key keep their order; null is none. */
  key: string | Buffer | null
  /** null is a tombstone. */
  value: string | Buffer | null
  headers?: Record<string, string>
}

export interface Acknowledged {
  partition: number
  offset: number
}

/** Answers in the order of the messages; either all of them are acknowledged, or it throws. */
export type Publish = (topic: string, messages: OutgoingMessage[]) => Promise<Acknowledged[]>

export interface Publisher {
  /**
   * @throws PipelineError KAFKA_UNAVAILABLE within 5 s: then some of the messages may have arrived after all, and
   * sending them again with the same event ids is safe; KAFKA_REFUSED when trying again cannot help
   */
  publish: Publish
  /** Connects now, so that the first message need not wait for it. A broker that is away is told by `publish`. */
  connect(): void
  close(): Promise<void>
}

const publishMsMax = 4500
/** Calls that wait for a broker at one time; while none answers, their messages lie in memory. */
const waitingMax = 64

/**
 * A producer that connects at its first message. Nothing is created on the broker: a missing topic is refused.
 *
 * Not idempotent in Kafka's sense: kafkajs loses its sequence numbers' track after some errors, and every consumer
 * here tells a repeated event by its id anyway.
 */
export function openPublisher(config: KafkaConfig): Publisher {
  const chosen = new WeakMap<Message, number>()
  const producer = new Kafka(config).producer({
    createPartitioner: tellingPartitioner((message, partition) => chosen.set(message, partition)),
    allowAutoTopicCreation: false,
  })
  const connect = connecting(producer)
  let waiting = 0

  async function send(topic: string, messages: Message[]): Promise<RecordMetadata[]> {
    if (waiting >= waitingMax) throw new Error(`${waitingMax} calls wait for the broker already`)
    waiting++
    const sending = connect()
      .then(() => producer.send({ topic, messages, acks: -1 }))
      .finally(() => waiting--)
    return within(publishMsMax, sending)
  }

  return {
    async publish(topic, messages) {
      if (messages.length === 0) return []
      const outgoing: Message[] = messages.map((message) => ({ ...message }))
      let answers: RecordMetadata[]
      try {
        answers = await send(topic, outgoing)
      } catch (cause) {
        throw kafkaFault(`${topic}: ${messages.length} messages were not acknowledged`, cause)
      }
      const partitions = outgoing.map((message) => chosen.get(message) as number)
      return acknowledgements(partitions, answers)
    },
    connect: () => void connect().catch(() => {}),
    close: () => producer.disconnect(),
  }
}

/** Counts up from each partition's first offset: a batch is appended in one piece, in the order it was sent. */
export function acknowledgements(partitions: number[], answers: RecordMetadata[]): Acknowledged[] {
  const next = new Map(answers.map((answer) => [answer.partition, Number(answer.baseOffset)]))
  return partitions.map((partition) => {
    const offset = next.get(partition)
    if (offset === undefined) throw new PipelineError('KAFKA_UNAVAILABLE', `partition ${partition} did not answer`)
    next.set(partition, offset + 1)
    return { partition, offset }
  })
}

/** Connects once; after a failure the next call tries anew. */
function connecting(producer: Producer): () => Promise<void> {
  let connection: Promise<void> | undefined
  return () => {
    connection ??= producer.connect().catch((error) => {
      connection = undefined
      throw error
    })
    return connection
  }
}
