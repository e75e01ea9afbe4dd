// OffsetCommit: answered after the offsets are written.
import { isGroupId, type OffsetEntry } from '../groups/offsets.ts'
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, string } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

/** offset.metadata.max.bytes */
const metadataBytesMax = 4096

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
    const entries: OffsetEntry[] = []
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((each) => {
        const { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata } = each
        const metadata = committedMetadata ?? ''
        const error = refusal ?? partitionProblem(broker, name, partitionIndex, metadata)
        if (error === null) {
          const offset = { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata }
          entries.push({ topic: name, partition: partitionIndex, ...offset })
        }
        return { partitionIndex, errorCode: errorCode[error ?? 'NONE'] }
      }),
    }))
    const failed = write(broker, groupId, entries)
    if (failed === null) return { topics }
    return { topics: topics.map((topic) => ({ ...topic, partitions: topic.partitions.map(withError(failed)) })) }
  },
})

function groupProblem(broker: BrokerState, groupId: string): ErrorName | null {
  if (!isGroupId(groupId)) return 'INVALID_GROUP_ID'
  return broker.offsets.mayCommit(groupId) ? null : 'GROUP_MAX_SIZE_REACHED'
}

function partitionProblem(broker: BrokerState, topic: string, partition: number, metadata: string): ErrorName | null {
  if (!broker.topics.log(topic, partition)) return 'UNKNOWN_TOPIC_OR_PARTITION'
  return Buffer.byteLength(metadata) > metadataBytesMax ? 'OFFSET_METADATA_TOO_LARGE' : null
}

/** The error to answer with when the offsets could not be written, which clients try again. */
function write(broker: BrokerState, groupId: string, entries: readonly OffsetEntry[]): ErrorName | null {
  try {
    broker.offsets.commit(groupId, entries)
    return null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    broker.say(`offsets of ${groupId} cannot be written: ${(error as Error).message}`)
    return 'COORDINATOR_NOT_AVAILABLE'
  }
}

function withError(error: ErrorName) {
  return <T extends { errorCode: number }>(partition: T): T => {
    return partition.errorCode === errorCode.NONE ? { ...partition, errorCode: errorCode[error] } : partition
  }
}
