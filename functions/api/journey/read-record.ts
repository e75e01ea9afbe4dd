// Reads one record from its topic, few at a time: each reading is a connection of its own.
import type { KafkaConfig } from 'kafkajs'
import { PipelineError } from '../../errors.ts'
import { type LogRecord, readLog } from '../../kafka/read-log.ts'
import type { RecordPlace } from '../../store/search.ts'

/**
 * The record of an offset; null where Kafka holds none there.
 *
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED; RATE_LIMITED when enough are being read already
 */
export type ReadRecord = (place: Pick<RecordPlace, 'topic' | 'partition' | 'offset'>) => Promise<LogRecord | null>

/** Anybody may ask for a journey, and Kafka is there for others. */
const readingsAtOnceMax = 2

export function recordReader(config: KafkaConfig): ReadRecord {
  let running = 0
  return async ({ topic, partition, offset }) => {
    if (running >= readingsAtOnceMax) {
      throw new PipelineError('RATE_LIMITED', `${readingsAtOnceMax} records are being read from Kafka already`)
    }
    running++
    try {
      for await (const { records } of readLog(config, { topic, partition, from: offset, to: offset + 1 })) {
        return records[0] ?? null
      }
      return null
    } finally {
      running--
    }
  }
}
