// Publishing: messages to a topic, acknowledged by all replicas, each with its partition and offset.
import { Kafka, type KafkaConfig, type Message, type Producer, type RecordMetadata } from 'kafkajs'
import { PipelineError } from '../errors.ts'
import { kafkaFault } from './fault.ts'
import { tellingPartitioner } from './partition.ts'
import { NoAnswer, within } from './within.ts'

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

/** Calls that wait for a broker at one time; while none answers, their messages lie in memory. */
const waitingMax = 64

export interface PublisherOptions {
  /** How long a call may take in all, ms: a client is told within 5 s. */
  publishMsMax?: number
  /** After so long without an answer a connection may be dead without a word, ms. */
  idleMsMax?: number
  /** ms */
  now?: () => number
}

/**
 * A producer that connects at its first message. Nothing is created on the broker: a missing topic is refused.
 *
 * A connection that gives no answer is given up. After a pause, such as that of a frozen execution environment, it is
 * given a third of the time, and the messages are sent once more over a new one: every consumer here tells a repeated
 * event by its id. For the same reason it is not idempotent in Kafka's sense; kafkajs loses its sequence numbers' track
 * after some errors.
 */
export function openPublisher(config: KafkaConfig, options: PublisherOptions = {}): Publisher {
  const { publishMsMax = 4_500, idleMsMax = 30_000, now = Date.now } = options
  let connection = openConnection(config)
  let answeredMs = now()
  let waiting = 0

  async function attempt(ms: number, topic: string, messages: Message[]): Promise<Acknowledged[]> {
    const mine = connection
    try {
      const acknowledged = await within(ms, mine.send(topic, messages))
      answeredMs = now()
      return acknowledged
    } catch (error) {
      if (error instanceof NoAnswer && mine === connection) {
        connection = openConnection(config)
        void mine.close().catch(() => {})
      }
      throw error
    }
  }

  async function send(topic: string, messages: Message[]): Promise<Acknowledged[]> {
    if (now() - answeredMs < idleMsMax) return attempt(publishMsMax, topic, messages)
    try {
      return await attempt(publishMsMax / 3, topic, messages)
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      return attempt((publishMsMax * 2) / 3, topic, messages)
    }
  }

  return {
    async publish(topic, messages) {
      if (messages.length === 0) return []
      const outgoing: Message[] = messages.map((message) => ({ ...message }))
      try {
        if (waiting >= waitingMax) throw new Error(`${waitingMax} calls wait for the broker already`)
        waiting++
        return await send(topic, outgoing).finally(() => waiting--)
      } catch (cause) {
        if (cause instanceof PipelineError) throw cause
        throw kafkaFault(`${topic}: ${messages.length} messages were not acknowledged`, cause)
      }
    },
    connect: () => connection.connect(),
    close: () => connection.close(),
  }
}

interface Connection {
  send(topic: string, messages: Message[]): Promise<Acknowledged[]>
  connect(): void
  close(): Promise<void>
}

function openConnection(config: KafkaConfig): Connection {
  const chosen = new WeakMap<Message, number>()
  const producer = new Kafka(config).producer({
    createPartitioner: tellingPartitioner((message, partition) => chosen.set(message, partition)),
    allowAutoTopicCreation: false,
  })
  const connect = connecting(producer)
  return {
    async send(topic, messages) {
      await connect()
      const answers = await producer.send({ topic, messages, acks: -1 })
      const partitions = messages.map((message) => chosen.get(message) as number)
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
