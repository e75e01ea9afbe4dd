// One assigned partition: what waits, what is being worked on, and up to where everything is resolved.
import type { WaitingPartition, WaitingRecord } from './batch.ts'
import type { Damage } from './fetch/partition-records.ts'
import type { Beginning } from './group-offsets.ts'
import { recordBytes } from './to-event.ts'

/** Records of a partition from their arrival to their commit. All offsets between those it holds are resolved. */
export class PartitionQueue implements WaitingPartition {
  readonly topic: string
  readonly partition: number
  readonly key: string
  records: WaitingRecord[] = []
  bytes = 0
  /** The unresolved records of the batch that owns this partition, in order; empty when none does. */
  held: readonly WaitingRecord[] = []
  freeSinceMs: number | null = null
  /** The offset that is to arrive next; null until the first fetch told. */
  nextOffset: number | null = null
  /** What Kafka is known, and was asked, to keep for the group. */
  committedOffset: number | null = null
  requestedOffset: number | null = null
  /** Kafka said that the position is not in its log; the next arrival tells where reading went on. */
  outOfRange = false
  /** Where Kafka's log ends; null until something told. */
  endOffset: number | null = null
  /** Offsets that Kafka had deleted before they were read. */
  lostToRetention = 0
  /** The record batch at which reading stands still, because it cannot be read; null while reading goes on. */
  unreadable: (Damage & { sinceMs: number }) | null = null
  /** Another member's now, or read anew from elsewhere: nothing about it may be committed any more. */
  lost = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
    this.key = `${topic}-${partition}`
  }

  begin({ offset, committed, isFleeting }: Beginning): void {
    this.nextOffset = offset
    // A higher one is of a topic that is no more, and must not hold back the commits of this one.
    this.committedOffset = committed !== null && committed <= offset ? committed : null
    this.requestedOffset = isFleeting ? (this.committedOffset ?? -1) : offset
  }

  /** Takes what a fetch at `fetchedOffset` brought. What is known already (a fetch that was repeated) is left out. */
  append(records: readonly WaitingRecord[], fetchedOffset: number, nextOffset: number): void {
    const known = this.nextOffset ?? fetchedOffset
    for (const record of records) {
      if (record.offset < known) continue
      this.records.push(record)
      this.bytes += recordBytes(record)
    }
    this.requestedOffset ??= fetchedOffset
    this.unreadable = null
    this.nextOffset = Math.max(known, nextOffset)
  }

  /** Removes the first `count` waiting records. */
  take(count: number): WaitingRecord[] {
    const taken = this.records.splice(0, count)
    for (const record of taken) this.bytes -= recordBytes(record)
    return taken
  }

  /** The lowest offset that is not resolved, which is where the group's commit belongs; null before the first fetch. */
  get resolvedOffset(): number | null {
    return this.held[0]?.offset ?? this.records[0]?.offset ?? this.nextOffset
  }
}
