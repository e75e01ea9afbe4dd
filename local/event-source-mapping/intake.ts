// How much may wait in memory, and how records are made ready to wait.
import { isStandIn } from '../../functions/kafka/stand-in.ts'
import type { WaitingRecord } from './batch.ts'
import type { PartitionQueue } from './partition.ts'
import { envelopeBytes, type KafkaMessage, payloadBytesMax, recordEncoder, sliceBytes } from './to-event.ts'

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

/** Encodes messages of a topic's partitions; a record that fits into no event becomes one without content. */
export function encoderOf(
  topic: string,
  bootstrapServers: string,
): (partition: number, message: KafkaMessage, arrivedMs: number) => WaitingRecord {
  const encoders = new Map<number, (message: KafkaMessage) => string | null>()
  const encoderFor = (partition: number): ((message: KafkaMessage) => string | null) => {
    const known = encoders.get(partition)
    if (known) return known
    // What is left for one record in an event of its own.
    const bytes = payloadBytesMax - envelopeBytes(bootstrapServers) - sliceBytes(`${topic}-${partition}`) - 1
    const encoder = recordEncoder(topic, partition, bytes)
    encoders.set(partition, encoder)
    return encoder
  }
  return (partition, message, arrivedMs) => {
    const json = isStandIn(message) ? null : encoderFor(partition)(message)
    const unfit = json === null ? 'MaximumPayloadSizeExceeded' : null
    return { offset: Number(message.offset), arrivedMs, timestamp: message.timestamp, json, unfit }
  }
}
