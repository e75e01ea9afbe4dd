// DescribeProducers: what partitions remember of idempotent and transactional producers.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, listOf, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { firstTimes } from './repetition.ts'

export const describeProducers = defineApi({
  name: 'DescribeProducers',
  key: 61,
  versions: [0, 0],
  flexibleSince: 0,
  request: { topics: list({ name: string(), partitionIndexes: listOf(int32()) }) },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    topics: list({
      name: string(),
      partitions: list({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: 0, absent: null }),
        activeProducers: list({
          producerId: int64(),
          producerEpoch: int32(),
          lastSequence: int32(),
          lastTimestamp: int64(),
          coordinatorEpoch: int32(),
          currentTxnStartOffset: int64(),
        }),
      }),
    }),
  },
  handle(broker, { topics }) {
    const isNew = firstTimes()
    const described = topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        if (!isNew(`${name}:${partitionIndex}`)) {
          return { partitionIndex, errorCode: errorCode.INVALID_REQUEST, activeProducers: [] }
        }
        const log = broker.topics.log(name, partitionIndex)
        if (!log) return { partitionIndex, errorCode: errorCode.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] }
        const activeProducers = Array.from(log.producers.all(), ([producerId, entry]) => ({
          producerId,
          producerEpoch: entry.epoch,
          lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
          lastTimestamp: entry.lastTimestamp,
          coordinatorEpoch: 0,
          currentTxnStartOffset: entry.openSince ?? -1,
        }))
        return { partitionIndex, errorCode: errorCode.NONE, activeProducers }
      }),
    }))
    return { topics: described }
  },
})
