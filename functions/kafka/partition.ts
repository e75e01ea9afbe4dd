// Which partition a key belongs to, as Java's producer and kafkajs decide it (murmur2), without kafkajs's big integers.
import type { ICustomPartitioner, Message } from 'kafkajs'

/**
 * Kafka's 32-bit murmur2, signed.
 * https://github.com/apache/kafka/blob/4.1.0/clients/src/main/java/org/apache/kafka/common/utils/Utils.java
 */
export function murmur2(key: Buffer): number {
  const m = 0x5bd1e995
  let hash = 0x9747b28c ^ key.length
  const whole = key.length & ~3
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(key.readInt32LE(at), m)
    word = Math.imul(word ^ (word >>> 24), m)
    hash = Math.imul(hash, m) ^ word
  }
  const rest = key.length - whole
  if (rest > 0) hash = Math.imul(hash ^ key.readUIntLE(whole, rest), m)
  hash = Math.imul(hash ^ (hash >>> 13), m)
  return hash ^ (hash >>> 15)
}

/** The partition of a key among `partitions`. */
export function partitionOf(key: Buffer | string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

/**
 * A partitioner for kafkajs that also tells where each message went, which kafkajs itself does not: its answer names
 * the first offset of each partition only. A message without a key goes to partition 0.
 */
export function tellingPartitioner(tell: (message: Message, partition: number) => void): ICustomPartitioner {
  return () =>
    ({ partitionMetadata, message }) => {
      const partition =
        message.partition ?? (message.key == null ? 0 : partitionOf(message.key, partitionMetadata.length))
      tell(message, partition)
      return partition
    }
}
