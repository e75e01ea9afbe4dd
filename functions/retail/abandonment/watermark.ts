// How far the events' own time has come: a clock for each partition, and the watermark that all of them have passed.
import type { AbandonmentRules } from './rules.ts'

/**
 * The newest moment of each partition, and how many partitions there are; null while nobody has counted them. A
 * partition's clock depends on its own records alone, so whether an event was late does not depend on how the
 * partitions were interleaved when they were read.
 */
export interface Clocks {
  partitions: number | null
  byPartition: Map<number, number>
}

/**
 * When an event happened, ms. Our choice: not after its record was made, so that one event from the future does not
 * make all others late.
 *
 * @param recordMs the record's Kafka timestamp; negative when it has none
 */
export function momentOf(eventMs: number, recordMs: number): number {
  return recordMs >= 0 ? Math.min(eventMs, recordMs) : eventMs
}

/** Raises the partition's clock; returns false when the moment is behind it by more than events may be late. */
export function tick(clocks: Clocks, partition: number, moment: number, { latenessMs }: AbandonmentRules): boolean {
  const clock = clocks.byPartition.get(partition)
  if (clock === undefined || moment > clock) clocks.byPartition.set(partition, moment)
  return clock === undefined || moment >= clock - latenessMs
}

/** No event that still counts is older than this; null while a partition has no clock yet. */
export function watermarkOf({ partitions, byPartition }: Clocks, { latenessMs }: AbandonmentRules): number | null {
  if (partitions === null || byPartition.size < partitions || byPartition.size === 0) return null
  return Math.min(...byPartition.values()) - latenessMs
}
