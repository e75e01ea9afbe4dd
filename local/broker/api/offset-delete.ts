// OffsetDelete: forgets committed offsets, unless a member of the group reads that topic.
import type { Group } from '../groups/group.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { Reader } from '../protocol/reader.ts'
import { int16, int32, list, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

export const offsetDelete = defineApi({
  name: 'OffsetDelete',
  key: 47,
  versions: [0, 0],
  flexibleSince: Number.POSITIVE_INFINITY,
  request: {
    groupId: string(),
    topics: list({ name: string(), partitions: list({ partitionIndex: int32() }) }),
  },
  response: {
    errorCode: int16(),
    throttleTimeMs: int32({ absent: 0 }),
    topics: list({ name: string(), partitions: list({ partitionIndex: int32(), errorCode: int16() }) }),
  },
  handle(broker, { groupId, topics }) {
    const group = broker.coordinator.group(groupId)
    if (!group && !broker.offsets.has(groupId)) return { errorCode: errorCode.GROUP_ID_NOT_FOUND, topics: [] }
    const read = group ? subscribedTopics(group) : new Set<string>()
    const forget = topics.flatMap(({ name, partitions }) => {
      if (read.has(name)) return []
      return partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex }))
    })
    broker.offsets.forget(groupId, forget)
    const results = topics.map(({ name, partitions }) => {
      const code = read.has(name) ? errorCode.GROUP_SUBSCRIBED_TO_TOPIC : errorCode.NONE
      return { name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })) }
    })
    return { errorCode: errorCode.NONE, topics: results }
  },
})

function subscribedTopics(group: Group): Set<string> {
  if (group.protocolType !== 'consumer') return new Set()
  const members = [...group.members.values()]
  return new Set(members.flatMap(({ protocols }) => protocols.flatMap(({ metadata }) => topicsIn(metadata))))
}

/** ConsumerProtocolSubscription begins with two bytes of version and the topics, in every version. */
function topicsIn(metadata: Buffer): string[] {
  try {
    const reader = new Reader(metadata, 2)
    return Array.from({ length: reader.count(false) ?? 0 }, () => reader.string(false) ?? '')
  } catch {
    // What a member says of itself is its own affair: one that writes something else subscribes to nothing we know of.
    return []
  }
}
