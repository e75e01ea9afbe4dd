// Where the mappings go on: the store knows what it holds, and Kafka's committed offsets must not be ahead of it.
import { Kafka, logLevel } from 'kafkajs'
import { pipeline } from '../infra/pipeline.ts'
import { resetOffsets } from './replay/reset.ts'

/** The end of what a group has accounted of one partition. */
export interface AccountedEnd {
  group: string
  topic: string
  partition: number
  /** Every accounted offset is below. */
  end: number
}

/**
 * Sets groups back to where their account ends, wherever they have committed more than that. Called before the mappings
 * join their groups.
 *
 * It happens when a damaged store was moved away, as its error says, or when a power cut took the store's last
 * transactions and left Kafka's commits. What is read twice counts once, so this can do no harm.
 *
 * @returns a sentence for each group that was set back
 */
export async function resumeFromAccount(bootstrap: string, accounted: AccountedEnd[]): Promise<string[]> {
  // kafkajs finds a group's coordinator at its second try only, as it knows no broker at the first.
  const retry = { initialRetryTime: 10, retries: 8 }
  const config = { clientId: 'freshet-local', brokers: [bootstrap], logLevel: logLevel.NOTHING, retry }
  const admin = new Kafka(config).admin()
  await admin.connect()
  const notes: string[] = []
  try {
    for (const { consumerGroupId: group, settings } of pipeline.mappings) {
      const topic = settings.Topics[0]
      const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      const endOf = (partition: number) =>
        accounted.find((one) => one.group === group && one.topic === topic && one.partition === partition)?.end ?? 0
      const offsets = (committed?.partitions ?? [])
        .filter(({ partition, offset }) => Number(offset) > endOf(partition))
        .map(({ partition }) => ({ partition, offset: endOf(partition) }))
      if (offsets.length === 0) continue
      await resetOffsets(config, { group, topic, offsets })
      const places = offsets.map(({ partition, offset }) => `${topic}-${partition} from ${offset}`)
      notes.push(`${group} had committed more than the store holds: it reads again ${places.join(', ')}`)
    }
  } finally {
    await admin.disconnect()
  }
  return notes
}
