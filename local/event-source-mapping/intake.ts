// Makes what Kafka brought ready to wait: decoded by its schema, filtered, encoded; and says how much may wait.
import type { WaitingRecord } from './batch.ts'
import type { FilterableRecord, RecordFilter } from './filter.ts'
import type { PartitionQueue } from './partition.ts'
import type { DecodeRecord } from './schema-registry/decode.ts'
import {
  type AbsentForm,
  type EventSource,
  envelopeBytes,
  type KafkaMessage,
  noTimestamp,
  payloadBytesMax,
  type RecordSchemas,
  recordEncoder,
  sliceBytes,
} from './to-event.ts'

/** What may wait in all, and for one partition: enough for the next batches while the last ones run. */
const bytesMax = 64 * 1024 * 1024
const partitionBytesMax = 8 * 1024 * 1024

/**
 * How full a partition is: 1 and more is too full for another fetch. By records it may hold two batches, and by bytes its share;
 * a single fetch may go beyond that.
 */
export function fillOf(queue: PartitionQueue, batchSizeMax: number, partitions: number): number {
  const bytes = Math.min(partitionBytesMax, bytesMax / Math.max(1, partitions))
  return Math.max(queue.records.length / (2 * batchSizeMax), queue.bytes / bytes)
}

export interface IntakeOptions {
  topic: string
  source: EventSource
  absent: AbsentForm
  /** null lets everything through. */
  filter: RecordFilter | null
  /** null without a schema registry. */
  decode: DecodeRecord | null
}

export interface TakenIn {
  records: WaitingRecord[]
  /** Offsets of records that no filter lets through. */
  filtered: number[]
}

type Encode = ReturnType<typeof recordEncoder>

export class Intake {
  readonly #options: IntakeOptions
  #encoders = new Map<number, Encode>()

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /**
   * Records of one partition. A promise only with a schema registry, so that all others wait for nothing.
   *
   * @throws Error when the registry does not answer
   */
  take(partition: number, messages: readonly KafkaMessage[], arrivedMs: number): TakenIn | Promise<TakenIn> {
    const { decode } = this.#options
    if (decode) return this.#takeDecoded(decode, partition, messages, arrivedMs)
    const taken: TakenIn = { records: [], filtered: [] }
    for (const message of messages) this.#add(taken, partition, message, arrivedMs)
    return taken
  }

  async #takeDecoded(decode: DecodeRecord, partition: number, messages: readonly KafkaMessage[], arrivedMs: number) {
    const taken: TakenIn = { records: [], filtered: [] }
    for (const message of messages) {
      const decoded = message.isTooLarge ? null : await decode(message)
      // Thrown, so that the poller tells of it, waits, and fetches the same records again.
      if (decoded?.kind === 'unavailable') throw new Error(`The schema registry does not answer: ${decoded.detail}`)
      if (decoded?.kind === 'failed') {
        const record = this.#encoded(partition, message, arrivedMs)
        taken.records.push({ ...record, unfit: record.unfit ?? decoded.condition })
      } else if (decoded) {
        const { key, value } = decoded
        const schemas = {
          ...(key.metadata && { keySchemaMetadata: key.metadata }),
          ...(value.metadata && { valueSchemaMetadata: value.metadata }),
        }
        this.#add(taken, partition, { ...message, key: key.bytes, value: value.bytes }, arrivedMs, schemas)
      } else this.#add(taken, partition, message, arrivedMs)
    }
    return taken
  }

  #add(taken: TakenIn, partition: number, message: KafkaMessage, arrivedMs: number, schemas?: RecordSchemas): void {
    const { filter, topic } = this.#options
    if (filter && !message.isTooLarge && !filter(filterable(topic, partition, message))) {
      taken.filtered.push(Number(message.offset))
    } else taken.records.push(this.#encoded(partition, message, arrivedMs, schemas))
  }

  #encoded(partition: number, message: KafkaMessage, arrivedMs: number, schemas?: RecordSchemas): WaitingRecord {
    const json = message.isTooLarge ? null : this.#encoderOf(partition)(message, schemas)
    const unfit = json === null ? 'MaximumPayloadSizeExceeded' : null
    return { offset: Number(message.offset), arrivedMs, timestamp: message.timestamp ?? noTimestamp, json, unfit }
  }

  #encoderOf(partition: number): Encode {
    const known = this.#encoders.get(partition)
    if (known) return known
    const { topic, source, absent } = this.#options
    // What is left for one record in an event of its own.
    const bytes = payloadBytesMax - envelopeBytes(source) - sliceBytes(`${topic}-${partition}`) - 1
    const encoder = recordEncoder(topic, partition, bytes, absent)
    this.#encoders.set(partition, encoder)
    return encoder
  }
}

function filterable(topic: string, partition: number, message: KafkaMessage): FilterableRecord {
  const { offset, timestamp = noTimestamp, value, batchContext } = message
  const timestampType = batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME'
  return { topic, partition, offset: Number(offset), timestamp: Number(timestamp), timestampType, value }
}
