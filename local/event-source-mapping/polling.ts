// What a poller is told, and what it tells and asks whoever takes in what it reads.
import type { Damage } from './fetch/partition-records.ts'
import type { Beginning, LogSpan, StartingPoint } from './group-offsets.ts'
import type { KafkaMessage } from './to-event.ts'

export interface PollerOptions {
  bootstrapServers: string[]
  topic: string
  groupId: string
  clientId: string
  /** Where to begin when the group has committed nothing. */
  start: StartingPoint
  /** Where this member is kept for the next start; without it, a killed one stays until its session time-out. */
  membersFolder?: string | undefined
}

/** What the poller tells, and asks. It happens between two fetches, which wait for nothing but `arrived`. */
export interface PollerEvents {
  /**
   * A rebalance is over. `sameMember`: no other member can have had the partitions that stay. Answers the offsets to
   * go on from; where the others begin is told next.
   */
  assigned(partitions: number[], sameMember: boolean): { partition: number; offset: number }[]
  begins(beginnings: readonly Beginning[]): void
  /** Nothing more is fetched until it resolves. When it rejects, the same records are fetched again later. */
  arrived(fetched: Fetched): void | Promise<void>
  /** From `firstOffset` to below `nextOffset` lie control records and aborted ones alone. */
  passed(partition: number, firstOffset: number, nextOffset: number): void
  outOfRange(partition: number): void
  /** Where the partitions' logs begin and end, every few seconds. */
  spans(spans: ReadonlyMap<number, LogSpan>): void
  failed(error: string, delayMs: number): void
  /** The record batch that comes next cannot be read. It is tried again after `delayMs`, for as long as it takes. */
  unreadable(partition: number, damage: Damage, delayMs: number): void
  /** Has the partition taken in as much as it may hold? */
  isFull(partition: number): boolean
  /** Has it room for a fetch again? Below `isFull` by a margin, so that pausing and resuming stay rare. */
  hasRoom(partition: number): boolean
}

/** Records of one partition. */
export interface Fetched {
  partition: number
  /** What was asked for. */
  fetchedOffset: number
  /** What is to be asked for next. */
  nextOffset: number
  /** Where the log ends. */
  endOffset: number
  messages: readonly KafkaMessage[]
  /** False once a rebalance has passed: then nothing of this may be used any more. */
  isCurrent: () => boolean
}
