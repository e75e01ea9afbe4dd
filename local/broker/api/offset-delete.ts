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

/** ConsumerProtocolSubscription begins with its version and the topics, in every version. */
function subscribedTopics(group: Group): Set<string> {
  const topics = new Set<string>()
  if (group.protocolType !== 'consumer') return topics
  for (const member of group.members.values()) {
    const metadata = member.protocols.find(({ name }) => name === group.protocolName)?.metadata
    if (!metadata || metadata.length === 0) continue
    const reader = new Reader(metadata, 2)
    const count = reader.count(false) ?? 0
    for (let i = 0; i < count; i++) topics.add(reader.string(false) ?? '')
  }
  return topics
}
