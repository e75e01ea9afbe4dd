// Topics of the pipeline on a Kafka that is not ours: made when absent, left alone when there.
import { Kafka, logLevel } from 'kafkajs'
import { PipelineError } from '../functions/errors.ts'

/** @throws PipelineError KAFKA_UNAVAILABLE when no broker answers within a few seconds. */
export async function ensureTopics(brokers: string[], topics: { name: string; partitions: number }[]): Promise<void> {
  const kafka = new Kafka({
    clientId: 'freshet-local',
    brokers,
    connectionTimeout: 3_000,
    retry: { retries: 2, initialRetryTime: 200 },
    logLevel: logLevel.NOTHING,
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const existing = new Set(await admin.listTopics())
    const absent = topics.filter(({ name }) => !existing.has(name))
    if (absent.length === 0) return
    await admin.createTopics({
      topics: absent.map(({ name, partitions }) => ({ topic: name, numPartitions: partitions })),
      waitForLeaders: true,
    })
  } catch (cause) {
    throw new PipelineError('KAFKA_UNAVAILABLE', `${brokers.join(',')}: ${(cause as Error).message}`, { cause })
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
