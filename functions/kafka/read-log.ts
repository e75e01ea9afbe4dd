// Reads the records of a stretch of a partition without a group: a look at the log that moves nobody.
import { Kafka, type KafkaConfig } from 'kafkajs'
import { kafkaFault } from './fault.ts'
import { clusterOf, fetchFrom, kindsOf, readMsMax } from './read-range.ts'
import { within } from './within.ts'

export interface LogRecord {
  offset: number
  /** The record's Kafka timestamp, ms. */
  timestamp: number
  key: Buffer | null
  /** null is a tombstone. */
  value: Buffer | null
}

/** What one fetch brought. */
export interface LogPage {
  /** Without control records and those of aborted transactions. */
  records: LogRecord[]
  /** Everything below was read. */
  readTo: number
}

/**
 * The records in `[from, to)`, fetch by fetch, ascending. It ends early where the log ends early.
 *
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED
 */
export async function* readLog(
  config: KafkaConfig,
  { topic, partition, from, to }: { topic: string; partition: number; from: number; to: number },
): AsyncGenerator<LogPage> {
  const cluster = clusterOf(new Kafka(config))
  try {
    for (let next = from; next < to; ) {
      const fetched = await within(readMsMax, fetchFrom(cluster, topic, partition, next))
      const kinds = kindsOf(fetched)
      const last = kinds.at(-1)
      if (!last || last.offset < next) return
      const records = fetched.messages
        .filter((_, index) => kinds[index]?.kind === 'record')
        .map(({ offset, timestamp, key, value }) => ({
          offset: Number(offset),
          timestamp: Number(timestamp ?? -1),
          key: key && Buffer.from(key),
          value: value ? Buffer.from(value) : null,
        }))
        .filter(({ offset }) => offset >= next && offset < to)
      next = last.offset + 1
      yield { records, readTo: Math.min(next, to) }
    }
  } catch (cause) {
    throw kafkaFault(`${topic}-${partition}: it was not read from ${from} to ${to}`, cause)
  } finally {
    await cluster.disconnect().catch(() => {})
  }
}
