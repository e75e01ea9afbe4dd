// DeleteRecords: forgets the records below an offset.
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, string } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

export const deleteRecords = defineApi({
  name: 'DeleteRecords',
  key: 21,
  versions: [0, 2],
  flexibleSince: 2,
  request: {
    topics: list({ name: string(), partitions: list({ partitionIndex: int32(), offset: int64() }) }),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    topics: list({
      name: string(),
      partitions: list({ partitionIndex: int32(), lowWatermark: int64(), errorCode: int16() }),
    }),
  },
  handle(broker, request) {
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => {
        const error = remove(broker, name, partitionIndex, offset)
        const lowWatermark = error ? -1 : (broker.topics.log(name, partitionIndex)?.startOffset ?? -1)
        return { partitionIndex, lowWatermark, errorCode: errorCode[error ?? 'NONE'] }
      }),
    }))
    return { topics }
  },
})

/** DeleteRecordsRequest.HIGH_WATERMARK */
const upToTheEnd = -1

function remove(broker: BrokerState, topic: string, partition: number, offset: number): ErrorName | null {
  const log = broker.topics.log(topic, partition)
  if (!log) return 'UNKNOWN_TOPIC_OR_PARTITION'
  // As in Kafka: a compacted topic is a table, whose rows are not deleted by where they lie.
  if (log.configs['cleanup.policy'] === 'compact') return 'POLICY_VIOLATION'
  const before = offset === upToTheEnd ? log.endOffset : offset
  if (before < log.startOffset || before > log.endOffset) return 'OFFSET_OUT_OF_RANGE'
  try {
    log.deleteBefore(before)
    return null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    broker.say(`${topic}-${partition}: records cannot be deleted: ${(error as Error).message}`)
    return 'KAFKA_STORAGE_ERROR'
  }
}
