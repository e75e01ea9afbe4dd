// Reads a stretch of a partition without a group: only what kind of records lie there.
import { Kafka, type KafkaConfig } from 'kafkajs'
import { kafkaFault } from './fault.ts'
import { within } from './within.ts'

export interface RangeRecord {
  offset: number
  kind: 'record' | 'control' | 'aborted'
}

export interface RangeReader {
  /**
   * What lies in `[from, to)`, as far as one fetch reaches: `readTo` is where it ends. Offsets below it that are not
   * among the records are not in the log.
   *
   * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED
   */
  read(range: { topic: string; partition: number; from: number; to: number }): Promise<{
    records: RangeRecord[]
    readTo: number
  }>
}

export const readMsMax = 4_000
const fetchBytesMax = 1024 * 1024
const readCommitted = 1

/** What is used of kafkajs's inner client, which alone reads without joining a group. kafkajs 2.2.4: src/cluster, src/broker. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>
  findBroker(query: { nodeId: string }): Promise<{ fetch(request: object): Promise<FetchAnswer> }>
}

interface FetchAnswer {
  responses: { partitions: FetchedPartition[] }[]
}

export interface FetchedPartition {
  abortedTransactions?: { producerId: string; firstOffset: string }[]
  messages: FetchedMessage[]
}

interface FetchedMessage {
  offset: string
  /** Milliseconds since 1970. */
  timestamp?: string
  key: Uint8Array | null
  value?: Uint8Array | null
  isControlRecord?: boolean
  batchContext?: { producerId: string; inTransaction: boolean }
}

/** Connects for each reading: there is nothing to read in a pipeline without holes. */
export function openRangeReader(config: KafkaConfig): RangeReader {
  return {
    async read({ topic, partition, from, to }) {
      const cluster = clusterOf(new Kafka(config))
      try {
        const fetched = await within(readMsMax, fetchFrom(cluster, topic, partition, from))
        const kinds = kindsOf(fetched)
        const records = kinds.filter(({ offset }) => offset >= from && offset < to)
        return { records, readTo: Math.min(to, Math.max(from, (kinds.at(-1)?.offset ?? -1) + 1)) }
      } catch (cause) {
        throw kafkaFault(`${topic}-${partition}: offsets from ${from} were not read`, cause)
      } finally {
        await cluster.disconnect().catch(() => {})
      }
    },
  }
}

export function clusterOf(kafka: Kafka): Cluster {
  const make = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[clusterMaker(kafka)]
  return make?.({ allowAutoTopicCreation: false }) as Cluster
}

/** What a kafkajs client has its function under that makes the inner client. */
export function clusterMaker(kafka: Kafka): symbol {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  if (symbol) return symbol
  throw new Error('expected kafkajs 2.2.4, whose client makes its cluster under a symbol')
}

export async function fetchFrom(
  cluster: Cluster,
  topic: string,
  partition: number,
  from: number,
): Promise<FetchedPartition> {
  await cluster.connect()
  await cluster.addTargetTopic(topic)
  const [nodeId = ''] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
  const broker = await cluster.findBroker({ nodeId })
  const { responses } = await broker.fetch({
    isolationLevel: readCommitted,
    maxWaitTime: 100,
    minBytes: 1,
    maxBytes: fetchBytesMax,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: fetchBytesMax }] }],
  })
  return responses[0]?.partitions[0] ?? { messages: [] }
}

/** Kafka lists the aborted transactions of a fetch by their first offset; a control record ends each. */
export function kindsOf({ messages, abortedTransactions }: FetchedPartition): RangeRecord[] {
  const ahead = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const aborting = new Set<string>()
  return messages.map(({ offset, isControlRecord, batchContext }) => {
    while (Number(ahead[0]?.firstOffset ?? Number.POSITIVE_INFINITY) <= Number(offset)) {
      aborting.add(ahead.shift()?.producerId ?? '')
    }
    const producerId = batchContext?.producerId ?? ''
    if (isControlRecord) {
      aborting.delete(producerId)
      return { offset: Number(offset), kind: 'control' }
    }
    const isAborted = batchContext?.inTransaction === true && aborting.has(producerId)
    return { offset: Number(offset), kind: isAborted ? 'aborted' : 'record' }
  })
}
