// Makes the topics of the description on any Kafka.
import { type Admin, Kafka, type KafkaConfig } from 'kafkajs'
import { z } from 'zod'
import { kafkaFault } from '../kafka/fault.ts'

const topicDescription = z.object({
  name: z.string().min(1).max(249),
  partitions: z.int().min(1).max(10_000),
  retentionMs: z.int().min(-1),
})

/** A variable's text: a JSON array of topics. */
export const topicDescriptions = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue('expected JSON: [{"name": "...", "partitions": 3, "retentionMs": 604800000}]')
      return z.NEVER
    }
  })
  .pipe(z.array(topicDescription).min(1).max(100))

export type TopicDescription = z.infer<typeof topicDescription>

/** Names of topics. */
export interface MadeTopics {
  made: string[]
  /** They had fewer partitions than described. */
  widened: string[]
}

/**
 * Makes topics that are absent, as often replicated as the cluster does by itself, and gives the ones with too few
 * partitions more. It never takes partitions away, which Kafka cannot, and leaves the retention of a topic that exists
 * as somebody has set it: that is an operator's to change.
 *
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED
 */
export async function makeTopics(config: KafkaConfig, topics: TopicDescription[]): Promise<MadeTopics> {
  const admin = new Kafka(config).admin()
  try {
    await admin.connect()
    const existing = new Set(await admin.listTopics())
    const made = topics.filter(({ name }) => !existing.has(name))
    if (made.length > 0) await admin.createTopics({ topics: made.map(toRequest), waitForLeaders: true })
    const widened = await tooNarrow(
      admin,
      topics.filter(({ name }) => existing.has(name)),
    )
    if (widened.length > 0) {
      const topicPartitions = widened.map(({ name, partitions }) => ({ topic: name, count: partitions }))
      await admin.createPartitions({ topicPartitions })
    }
    return { made: namesOf(made), widened: namesOf(widened) }
  } catch (cause) {
    throw kafkaFault('the topics were not made', cause)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

const namesOf = (topics: TopicDescription[]) => topics.map(({ name }) => name)

const toRequest = ({ name, partitions, retentionMs }: TopicDescription) => ({
  topic: name,
  numPartitions: partitions,
  configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
})

async function tooNarrow(admin: Admin, topics: TopicDescription[]): Promise<TopicDescription[]> {
  if (topics.length === 0) return []
  const { topics: found } = await admin.fetchTopicMetadata({ topics: namesOf(topics) })
  const partitions = new Map(found.map((topic) => [topic.name, topic.partitions.length]))
  return topics.filter((topic) => (partitions.get(topic.name) ?? topic.partitions) < topic.partitions)
}
