// A store that is new beside a Kafka that is not: the groups read their topics from the beginning again.
import { Kafka, logLevel } from 'kafkajs'
import { pipeline } from '../infra/pipeline.ts'

/**
 * Sets every group of the pipeline back to the beginning of its topic where it has committed anything. Called before
 * the mappings join their groups, while the store holds no account: whoever moved a damaged store away, as its error
 * says, gets back all that Kafka still holds.
 *
 * @returns a sentence for each group that was set back
 */
export async function readAnew(bootstrap: string): Promise<string[]> {
  const kafka = new Kafka({ clientId: 'freshet-local', brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const notes: string[] = []
  try {
    for (const { consumerGroupId: groupId, settings } of pipeline.mappings) {
      const topic = settings.Topics[0]
      const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
      if (committed?.partitions.every(({ offset }) => Number(offset) <= 0)) continue
      await admin.resetOffsets({ groupId, topic, earliest: true })
      notes.push(`the store is new: ${groupId} reads ${topic} from its beginning again`)
    }
  } finally {
    await admin.disconnect()
  }
  return notes
}
