// Where a topic begins and ends, and how far a group has come.
import { type Admin, Kafka, type KafkaConfig } from 'kafkajs'
import { kafkaFault } from './fault.ts'
import { within } from './within.ts'

export interface PartitionOffsets {
  partition: number
  logStartOffset: number
  endOffset: number
  /** The next offset the group will read; null when it has not committed. */
  committedOffset: number | null
}

export interface OffsetsReader {
  /**
   * One entry for each partition, ascending.
   *
   * @throws PipelineError KAFKA_UNAVAILABLE within 5 s, KAFKA_REFUSED (no such topic)
   */
  read(group: string, topic: string): Promise<PartitionOffsets[]>
  close(): Promise<void>
}

const readMsMax = 4500

/** Keeps one connection open between readings; a failed reading drops it, and the next connects anew. */
export function openOffsets(config: KafkaConfig): OffsetsReader {
  let connection: Promise<Admin> | undefined

  function connect(): Promise<Admin> {
    if (connection) return connection
    const admin = new Kafka(config).admin()
    connection = admin.connect().then(() => admin)
    return connection
  }

  function drop(): Promise<void> {
    const dropped = connection
    connection = undefined
    return dropped?.then((admin) => admin.disconnect()).catch(() => {}) ?? Promise.resolve()
  }

  return {
    async read(group, topic) {
      try {
        return await within(
          readMsMax,
          connect().then((admin) => readOffsets(admin, group, topic)),
        )
      } catch (cause) {
        void drop()
        throw kafkaFault(`${topic}: its offsets were not read`, cause)
      }
    },
    close: drop,
  }
}

async function readOffsets(admin: Admin, group: string, topic: string): Promise<PartitionOffsets[]> {
  // Committed ones first: a group moves only towards the end, so lag is never negative by the order of reading.
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
  const committed = new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
  const bounds = await admin.fetchTopicOffsets(topic)
  return bounds
    .map(({ partition, low, high }) => {
      const offset = committed.get(partition) ?? -1
      return {
        partition,
        logStartOffset: Number(low),
        endOffset: Number(high),
        committedOffset: offset < 0 ? null : offset,
      }
    })
    .sort((a, b) => a.partition - b.partition)
}
