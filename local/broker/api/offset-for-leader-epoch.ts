// OffsetForLeaderEpoch: where an epoch ends. There has only ever been one.
import { leaderEpoch } from '../log/log.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

export const offsetForLeaderEpoch = defineApi({
  name: 'OffsetForLeaderEpoch',
  key: 23,
  versions: [2, 4],
  flexibleSince: 4,
  request: {
    replicaId: int32({ since: 3, absent: -2 }),
    topics: list({
      topic: string(),
      partitions: list({
        partition: int32(),
        currentLeaderEpoch: int32({ since: 2, absent: -1 }),
        leaderEpoch: int32(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ since: 2, absent: 0 }),
    topics: list({
      topic: string(),
      partitions: list({
        errorCode: int16(),
        partition: int32(),
        leaderEpoch: int32({ since: 1 }),
        endOffset: int64(),
      }),
    }),
  },
  handle(broker, request) {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, leaderEpoch: asked }) => {
        const log = broker.topics.log(topic, partition)
        const known = log !== undefined && asked === leaderEpoch
        const code = log ? errorCode.NONE : errorCode.UNKNOWN_TOPIC_OR_PARTITION
        const end = known ? { leaderEpoch, endOffset: log.endOffset } : { leaderEpoch: -1, endOffset: -1 }
        return { errorCode: code, partition, ...end }
      }),
    }))
    return { topics }
  },
})
