// Decodes Kafka's answer to a fetch, as kafkajs does, with what it leaves out: checksums, and each partition by itself.
// https://kafka.apache.org/protocol#The_Messages_Fetch
import type { AbortedTransaction } from './aborted-transactions.ts'
import { budgetOfAnswer, type Damage, decodePartition, type FetchedMessage } from './partition-records.ts'
import { isRecordBatch } from './record-batch.ts'
import { WireReader } from './wire-reader.ts'

/** Versions of the answer that are decoded here; kafkajs asks for none above, and Kafka before 0.11 for none within. */
export const versions = { min: 4, max: 11 }

/** The slice of kafkajs's own result that its consumer goes on with. */
export interface FetchAnswer {
  throttleTime: number
  clientSideThrottleTime: number
  responses: { topicName: string; partitions: FetchedPartition[] }[]
}

interface FetchedPartition {
  partition: number
  errorCode: number
  highWatermark: string
  preferredReadReplica: number
  /** None: they are left out here. */
  abortedTransactions: never[]
  messages: FetchedMessage[]
}

interface RawPartition
  extends Pick<FetchedPartition, 'partition' | 'errorCode' | 'highWatermark' | 'preferredReadReplica'> {
  aborted: AbortedTransaction[]
  records: Buffer
}

export interface Fetching {
  /** The offset that was asked for. */
  offsetOf(topic: string, partition: number): number
  /** Is told of a batch that cannot be read, when it is the next one. */
  damaged(topic: string, partition: number, damage: Damage): void
}

/**
 * Answers null where records have the form that they had before Kafka 0.11.
 *
 * @throws RangeError when the answer is not whole
 */
export async function decodeFetchAnswer(
  answer: Buffer,
  version: number,
  { offsetOf, damaged }: Fetching,
): Promise<FetchAnswer | null> {
  const reader = new WireReader(answer)
  const throttleMs = reader.int32()
  // An error code and a session's number; kafkajs opens no sessions, and looks at the partitions' codes alone.
  if (version >= 7) reader.take(6)
  const topics = reader.list(() => {
    return { name: reader.text(), partitions: reader.list(() => rawPartition(reader, version)) }
  })
  if (topics.some(({ partitions }) => partitions.some(({ records }) => !isRecordBatch(records)))) return null
  const budget = { ...budgetOfAnswer }
  const responses: FetchAnswer['responses'] = []
  for (const { name, partitions } of topics) {
    const decoded: FetchedPartition[] = []
    for (const { records, aborted, ...rest } of partitions) {
      const { messages, damage } = await decodePartition(records, offsetOf(name, rest.partition), aborted, budget)
      if (damage) damaged(name, rest.partition, damage)
      decoded.push({ ...rest, abortedTransactions: [], messages })
    }
    responses.push({ topicName: name, partitions: decoded })
  }
  // From version 8 on the client has to wait; before, Kafka has.
  return { throttleTime: version < 8 ? throttleMs : 0, clientSideThrottleTime: version < 8 ? 0 : throttleMs, responses }
}

function rawPartition(reader: WireReader, version: number): RawPartition {
  const [partition, errorCode] = [reader.int32(), reader.int16()]
  const highWatermark = String(reader.int64())
  // The last stable offset, and where the log begins: kafkajs asks for neither.
  reader.take(version >= 5 ? 16 : 8)
  const aborted = reader.list(() => ({ producerId: reader.int64(), firstOffset: Number(reader.int64()) }))
  const preferredReadReplica = version >= 11 ? reader.int32() : -1
  const records = reader.take(Math.max(0, reader.int32()))
  return { partition, errorCode, highWatermark, preferredReadReplica, aborted, records }
}
