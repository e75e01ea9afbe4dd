// What OffsetCommit and TxnOffsetCommit have in common: which offsets may be kept, keeping them, and the answer.
import type { OffsetEntry } from '../groups/offsets.ts'
import { isGroupId } from '../groups/offsets.ts'
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import type { BrokerState } from '../state.ts'

/** offset.metadata.max.bytes */
const metadataBytesMax = 4096

interface GivenTopic {
  name: string
  partitions: {
    partitionIndex: number
    committedOffset: number
    committedLeaderEpoch: number
    committedMetadata: string | null
  }[]
}

export function groupProblem(broker: BrokerState, groupId: string): ErrorName | null {
  if (!isGroupId(groupId)) return 'INVALID_GROUP_ID'
  return broker.offsets.mayCommit(groupId) ? null : 'GROUP_MAX_SIZE_REACHED'
}

/** Hands what may be kept to `keep`, unless all is refused; returns the answer, partition by partition. */
export function writeOffsets(
  broker: BrokerState,
  given: readonly GivenTopic[],
  refusal: ErrorName | null,
  keep: (offsets: OffsetEntry[]) => void,
) {
  const entries: OffsetEntry[] = []
  const topics = given.map(({ name, partitions }) => ({
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
  const failed = entries.length === 0 ? null : write(broker, () => keep(entries))
  if (failed === null) return { topics }
  return { topics: topics.map((topic) => ({ ...topic, partitions: topic.partitions.map(withError(failed)) })) }
}

function partitionProblem(broker: BrokerState, topic: string, partition: number, metadata: string): ErrorName | null {
  if (!broker.topics.log(topic, partition)) return 'UNKNOWN_TOPIC_OR_PARTITION'
  return Buffer.byteLength(metadata) > metadataBytesMax ? 'OFFSET_METADATA_TOO_LARGE' : null
}

/** The error to answer with when the offsets could not be written, which clients try again. */
function write(broker: BrokerState, keep: () => void): ErrorName | null {
  try {
    keep()
    return null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    broker.say(`offsets cannot be written: ${(error as Error).message}`)
    return 'COORDINATOR_NOT_AVAILABLE'
  }
}

function withError(error: ErrorName) {
  return <T extends { errorCode: number }>(partition: T): T => {
    return partition.errorCode === errorCode.NONE ? { ...partition, errorCode: errorCode[error] } : partition
  }
}
