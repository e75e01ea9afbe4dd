// Finds where a group that begins at the end of a topic begins.
import type { Kafka } from 'kafkajs'

/** The end offsets of those of the partitions of which the group has committed nothing. */
export async function uncommittedEnds(
  kafka: Kafka,
  groupId: string,
  topic: string,
  partitions: readonly number[],
): Promise<{ partition: number; offset: number }[]> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const [group] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const committed = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    const none = partitions.filter((partition) => (committed.get(partition) ?? -1) < 0)
    const ends = none.length > 0 ? await admin.fetchTopicOffsets(topic) : []
    return ends
      .filter(({ partition }) => none.includes(partition))
      .map(({ partition, high }) => ({ partition, offset: Number(high) }))
  } finally {
    await admin.disconnect()
  }
}
