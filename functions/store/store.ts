// The store's port: what is asked of any store, in the exact meanings of docs/architecture.md.
//
// Everything is per consumer group. All times are milliseconds since 1970. One sequence per group, `seq`, numbers events
// and dead letters together in the order of their commits, without a gap; it is the cursor of every list and of the live
// stream, and what arrived between two cursors is their difference.
import type { EnrichedEvent } from '../events/event.ts'
import type { RejectionCode } from '../events/rejection.ts'
import type { AbandonmentStore } from './abandonment.ts'
import type { ArrivalSecond, Rollup, RollupQuery } from './figures.ts'
import type { Rebuilds } from './rebuilds.ts'
import type { Redrives } from './redrives.ts'
import type { Erasure, Expired, Retention } from './retention.ts'
import type { RowSearch } from './search.ts'
import type { Sweep } from './sweep-complaints.ts'

/** Where a record lies in Kafka, and its bytes. */
export interface SourceRecord {
  topic: string
  partition: number
  offset: number
  /** The record's Kafka timestamp. */
  timestamp: number
  key: Uint8Array | null
  /** null is a tombstone. */
  value: Uint8Array | null
  /** The attempt at a dead letter that it says it was sent as. Anybody may write such a header. */
  token?: string
}

/** What the consumer made of one record. */
export type Outcome =
  | {
      kind: 'event'
      record: SourceRecord
      event: EnrichedEvent
      /** SHA-256 of the event's canonical JSON: it alone decides whether a known id is a duplicate or a conflict. */
      contentHash: Uint8Array
    }
  | { kind: 'noise'; record: SourceRecord }
  | { kind: 'dead-letter'; record: SourceRecord; code: RejectionCode; reason: string }

/** One invocation's outcomes: within a partition in the order of their offsets, which need not be contiguous. */
export interface Batch {
  group: string
  outcomes: Outcome[]
  /** The mapping has a filter: offsets that it passed over count as noise. */
  isFiltered?: boolean
  /** The group keeps a state of its own: of events their ids and counters stay, and no rows or figures. */
  keepsNoEvents?: boolean
}

/** How many of a batch's records went where. They add up to the batch. */
export interface BatchResult {
  stored: number
  duplicates: number
  noise: number
  deadLetters: number
  /** At an offset that was accounted already: nothing was counted again. */
  redelivered: number
}

export interface StoredEvent {
  seq: number
  event_id: string
  event_type: string
  user_id: number
  product_id: number | null
  amount: number
  region: string | null
  /** ISO 8601, UTC. */
  timestamp: string
  /** ISO 8601, UTC: the moment of the store's transaction. */
  processed_at: string
  amount_bucket: string
  is_revenue_event: boolean
  topic: string
  partition: number
  offset: number
  /** The record's Kafka timestamp, ms. */
  record_ms: number
  /** Fields that the schema does not know. */
  extra: Record<string, unknown> | null
}

export interface StoredDeadLetter {
  seq: number
  code: RejectionCode
  reason: string
  topic: string
  partition: number
  offset: number
  record_ms: number
  /** ms: the moment of the store's transaction. */
  arrived_ms: number
  key: Uint8Array | null
  /** null is a tombstone. */
  value: Uint8Array | null
  state: DeadLetterState
  /** How often it was sent again. */
  attempts: number
}

/** resolved: a record sent for it did not fail again. discarded: a person gave it up. */
export type DeadLetterState = 'open' | 'resolved' | 'discarded'

/** A page of a list. Neither cursor: the newest, newest first. `after`: ascending. `before`: descending. */
export interface PageQuery {
  group: string
  after?: number
  before?: number
  limit: number
}

/** The account of one epoch of one partition: every accounted offset is exactly one of the four kinds. */
export interface Account {
  group: string
  topic: string
  partition: number
  /** 1 for the first; a new one opens when a topic was made anew. */
  epoch: number
  startOffset: number
  nextOffset: number
  /** Accounted ranges above `nextOffset`, `[from, to)`, ascending. */
  rangesAbove: [number, number][]
  /** The group's mapping has a filter: what it passed over at the end is not accounted, and nobody misses it. */
  isFiltered?: true
  stored: number
  duplicates: number
  noise: number
  deadLetters: number
  redelivered: number
}

/** Why a group has passed offsets that are not accounted. */
export interface Explanation {
  group: string
  topic: string
  partition: number
  epoch: number
  /** The range `[from, to)`. */
  from: number
  to: number
  /**
   * control: a transaction's marker. aborted: records of a transaction that was aborted. compacted: not in the log any
   * more. retention: below the log's start. reset: beyond the log's end, from a topic that is no more.
   */
  reason: 'control' | 'aborted' | 'compacted' | 'retention' | 'reset'
}

/** One reading of a partition's offsets, for lag. */
export interface LagSample {
  group: string
  topic: string
  partition: number
  /** When it was read, ms. */
  at: number
  logStartOffset: number
  endOffset: number
  /** null: the group has not committed yet. */
  committedOffset: number | null
}

/** Rows that were committed after a cursor, in ascending order. */
export interface Change {
  /** The group's newest committed seq. */
  head: number
  /** At most the asked number each; of more, the newest. Dead letters stop early where their bytes add up to too much. */
  events: StoredEvent[]
  deadLetters: StoredDeadLetter[]
  /** What arrived after the cursor and is not in the lists above, whether or not its row is still kept. */
  skipped: number
}

export interface Store {
  /**
   * Writes events, rollups, dead letters and the account of one batch in one transaction, or nothing at all.
   *
   * @throws PipelineError STORE_BUSY, STORE_FULL, STORE_READ_ONLY, STORE_UNAVAILABLE (retriable), STORE_CORRUPT
   */
  writeBatch(batch: Batch): Promise<BatchResult>

  events(query: PageQuery): Promise<StoredEvent[]>
  /** A page may be shorter than asked where its values add up to too many bytes; only an empty one is the end. */
  deadLetters(query: PageQuery): Promise<StoredDeadLetter[]>
  /** Rows by their content. */
  readonly search: RowSearch
  /** How much arrived after `cursor`, with at most `limit` rows of each kind. */
  changesSince(query: { group: string; cursor: number; limit: number }): Promise<Change>
  /** The group's newest committed seq, 0 when empty. */
  head(group: string): Promise<number>

  /** All events and dead letters that the group has ever stored, whatever has expired since. */
  totals(group: string): Promise<{ events: number; deadLetters: number }>
  /** The newest event stored: its record's Kafka timestamp and when it was stored, ms; null when empty. */
  newestEvent(group: string): Promise<{ recordMs: number; arrivedMs: number } | null>
  /** Seconds of arrival in `[fromSecond, toSecond)` that saw something, ascending. */
  arrivals(query: { group: string; fromSecond: number; toSecond: number }): Promise<ArrivalSecond[]>
  /**
   * Business figures by the events' own time, ascending. Minutes go with events (see `expire`), hours and days stay.
   */
  rollups(query: RollupQuery): Promise<Rollup[]>
  /** Current epochs unless `former` is set, then the closed ones. Ordered by group, topic, partition, epoch. */
  accounts(options?: { former?: boolean }): Promise<Account[]>

  /** Keeps why offsets are not accounted. Said again, it stays one. */
  explain(explanations: Explanation[]): Promise<void>
  /** Of current epochs, in the order of group, topic, partition and offset. */
  explanations(): Promise<Explanation[]>

  writeLagSamples(samples: LagSample[]): Promise<void>
  /** Samples of a group since a moment, ascending by time. At least one hour of them is kept. */
  lagSamples(query: { group: string; sinceMs: number }): Promise<LagSample[]>
  /** The newest sample of every partition of every group. */
  latestLagSamples(): Promise<LagSample[]>

  /** Goes on with the background comparison of counters and rows for about `budgetMs`, then returns. */
  sweep(options: { budgetMs: number }): Promise<void>
  lastSweep(): Promise<Sweep>

  /**
   * Lets go what has to, in short transactions and for about `budgetMs`: rows by `retention`, identities a day after the
   * topic's sampled log start has passed them and no kept dead letter speaks of them, and what an interrupted erasure
   * has left. The newest event of a group stays, since freshness speaks of it; totals, accounts and the
   * rollups by hour and day stay as well.
   */
  expire(options: { budgetMs: number; retention: Retention }): Promise<Expired>
  /**
   * Erases a user's events and dead letters in every group, in short transactions; returns when all is gone. Identities
   * stay, so a record that is delivered again is not stored again. Sums stay: they name nobody.
   */
  eraseUser(query: { userId: number; by: string }): Promise<Erasure>
  /** The newest first. */
  erasures(query: { limit: number }): Promise<Erasure[]>

  /** Dead letters as work. */
  readonly redrives: Redrives
  /** Figures made anew. */
  readonly rebuilds: Rebuilds

  /** The second consumer's state: abandoned carts, incidents and offers. */
  readonly abandonment: AbandonmentStore

  /** Calls `listener` soon (10 ms) after any process has committed. Returns the way to stop. */
  onCommit(listener: () => void): () => void

  close(): Promise<void>
}
