// OffsetCommit: answered after the offsets are written.
import { int16, int32, int64, list, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { groupProblem, writeOffsets } from './write-offsets.ts'

export const offsetCommit = defineApi({
  name: 'OffsetCommit',
  key: 8,
  versions: [2, 9],
  flexibleSince: 8,
  request: {
    groupId: string(),
    generationId: int32({ since: 1, absent: -1 }),
    memberId: string({ since: 1 }),
    groupInstanceId: string({ since: 7, nullable: 7 }),
    retentionTimeMs: int64({ since: 2, until: 4, absent: -1 }),
    topics: list({
      name: string(),
      partitions: list({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ since: 6, absent: -1 }),
        committedMetadata: string({ nullable: 0 }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ since: 3, absent: 0 }),
    topics: list({
      name: string(),
      partitions: list({ partitionIndex: int32(), errorCode: int16() }),
    }),
  },
  handle(broker, request) {
    const { groupId, generationId, memberId, groupInstanceId } = request
    const from = { memberId, instanceId: groupInstanceId, generation: generationId }
    const refusal = groupProblem(broker, groupId) ?? broker.coordinator.commitProblem(groupId, from)
    return writeOffsets(broker, request.topics, refusal, (offsets) => broker.offsets.commit(groupId, offsets))
  },
})
