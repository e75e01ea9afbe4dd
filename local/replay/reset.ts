// Moves the committed offsets of a group that nobody runs in, as Kafka allows it.
import { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
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
export async function resetOffsets(config: KafkaConfig, request: ResetRequest, patienceMs = 0): Promise<void> {
  const kafka = new Kafka({ ...config, logLevel: logLevel.NOTHING })
  const { group } = request
  const admin = kafka.admin()
  try {
    await admin.connect()
    await requireEmpty(admin, group, patienceMs)
    await commitAsMember(kafka, request)
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

/**
 * kafkajs commits as a member only, so this one joins for a moment and reads nothing. Its admin client would do the
 * same, but sits out a long poll of five seconds first.
 */
async function commitAsMember(kafka: Kafka, { group, topic, offsets }: ResetRequest): Promise<void> {
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 100, retry: { retries: 2 } })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const joined = new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve())
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    })
    const running = consumer.run({ autoCommit: false, eachBatch: async () => {} })
    consumer.pause([{ topic }])
    await Promise.all([running, joined])
    await consumer.commitOffsets(offsets.map(({ partition, offset }) => ({ topic, partition, offset: String(offset) })))
  } finally {
    await consumer.disconnect().catch(() => {})
  }
}
