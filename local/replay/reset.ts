// Moves the committed offsets of a group that nobody runs in, as Kafka allows it.
import { type Admin, Kafka, type KafkaConfig } from 'kafkajs'
import { PipelineError } from '../../functions/errors.ts'
import { kafkaFault } from '../../functions/kafka/fault.ts'

export interface ResetRequest {
  group: string
  topic: string
  offsets: { partition: number; offset: number }[]
}

const lookAgainMs = 100

/**
 * Sets the group back. Kafka refuses to move a group that has members; `patienceMs` is how long members may take to
 * leave.
 *
 * @throws PipelineError GROUP_IN_USE naming who is in the group, KAFKA_UNAVAILABLE, KAFKA_REFUSED
 */
export async function resetOffsets(
  config: KafkaConfig,
  { group, topic, offsets }: ResetRequest,
  patienceMs = 0,
): Promise<void> {
  const admin = new Kafka(config).admin()
  try {
    await admin.connect()
    await requireEmpty(admin, group, patienceMs)
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
    await admin.setOffsets({ groupId: group, topic, partitions })
  } catch (error) {
    if (error instanceof PipelineError) throw error
    throw kafkaFault(`${group}: its offsets were not moved`, error)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

async function requireEmpty(admin: Admin, group: string, patienceMs: number): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    const [description] = (await admin.describeGroups([group])).groups
    const members = description?.members ?? []
    if (members.length === 0) return
    if (waitedMs >= patienceMs) {
      const names = [...new Set(members.map(({ clientId, clientHost }) => `${clientId} on ${clientHost}`))]
      throw new PipelineError('GROUP_IN_USE', `${group} is read by ${names.slice(0, 5).join(', ')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
  }
}
