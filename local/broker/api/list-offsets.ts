// ListOffsets: the offset that belongs to a time, or to one of the times with a meaning of their own.
import { leaderEpoch, type PartitionLog } from '../log/log.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { int8, int16, int32, int64, list, string } from '../protocol/schema.ts'
import { defineApi, readCommitted } from './api.ts'
import { firstTimes } from './repetition.ts'

export const listOffsets = defineApi({
  name: 'ListOffsets',
  key: 2,
  versions: [1, 9],
  flexibleSince: 6,
  request: {
    replicaId: int32(),
    isolationLevel: int8({ since: 2 }),
    topics: list({
      name: string(),
      partitions: list({
        partitionIndex: int32(),
        currentLeaderEpoch: int32({ since: 4, absent: -1 }),
        timestamp: int64(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ since: 2, absent: 0 }),
    topics: list({
      name: string(),
      partitions: list({
        partitionIndex: int32(),
        errorCode: int16(),
        timestamp: int64({ since: 1 }),
        offset: int64({ since: 1 }),
        leaderEpoch: int32({ since: 4 }),
      }),
    }),
  },
  handle(broker, request) {
    const committedOnly = request.isolationLevel === readCommitted
    const isNew = firstTimes()
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, timestamp }) => {
        // As in Kafka. A lookup by time may unpack a whole batch, so that naming one often would keep all others waiting.
        if (!isNew(`${name}:${partitionIndex}`)) return answer(partitionIndex, errorCode.INVALID_REQUEST, none)
        const log = broker.topics.log(name, partitionIndex)
        if (!log) return answer(partitionIndex, errorCode.UNKNOWN_TOPIC_OR_PARTITION, none)
        return answer(partitionIndex, errorCode.NONE, lookUp(log, timestamp, committedOnly))
      }),
    }))
    return { topics }
  },
})

/** Times with a meaning: https://kafka.apache.org/protocol.html (ListOffsets), KIP-734, KIP-405, KIP-1005. */
const latest = -1
const earliest = -2
const maxTimestamp = -3
const earliestLocal = -4

const none = { timestamp: -1, offset: -1 }

function lookUp(log: PartitionLog, timestamp: number, committedOnly: boolean): { timestamp: number; offset: number } {
  const end = committedOnly ? log.stableOffset : log.endOffset
  switch (timestamp) {
    case latest:
      return { timestamp: -1, offset: end }
    case earliest:
    case earliestLocal:
      return { timestamp: -1, offset: log.startOffset }
    case maxTimestamp:
      return log.newestTime() ?? none
    default:
      return timestamp < 0 ? none : below(end, log.offsetForTime(timestamp))
  }
}

function below(end: number, found: { timestamp: number; offset: number } | null) {
  return found !== null && found.offset < end ? found : none
}

function answer(partitionIndex: number, code: number, { timestamp, offset }: { timestamp: number; offset: number }) {
  return { partitionIndex, errorCode: code, timestamp, offset, leaderEpoch: offset < 0 ? -1 : leaderEpoch }
}
