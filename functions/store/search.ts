// What is asked of a store's rows by their content. Nothing is indexed for it, so each call looks at a bounded number of rows.
import type { DeadLetterState, StoredDeadLetter, StoredEvent } from './store.ts'

/** All that is given must hold. */
export interface EventFilter {
  eventType?: string
  /** null: events without a region. */
  region?: string | null
  userId?: number
  /** Both inclusive, in the event's own unit. */
  amountMin?: number
  amountMax?: number
  /** When it was stored, ms; `toMs` is exclusive. */
  fromMs?: number
  toMs?: number
}

export interface DeadLetterFilter {
  code?: string
  state?: DeadLetterState
  /** Somewhere in the reason, in capitals or not. */
  text?: string
  /** When it was put aside, ms; `toMs` is exclusive. */
  fromMs?: number
  toMs?: number
}

export interface SearchQuery<Filter> {
  group: string
  filter: Filter
  /** Ascending from here, exclusive; absent: descending. */
  after?: number
  /** Descending from here, exclusive; absent: from the newest. Not looked at beside `after`. */
  before?: number
  /** How many rows are wanted. */
  limit: number
  /** How many rows are looked at. */
  rowsMax: number
}

export interface Found<Row> {
  /** In the order in which they were looked at. */
  rows: Row[]
  /** The last row that was looked at; null when there was none beyond it. */
  reached: { seq: number; arrivedMs: number } | null
}

/** A record's place in Kafka, as a group reads it. */
export interface RecordPlace {
  group: string
  topic: string
  partition: number
  offset: number
}

/** What is kept of a record, and of the transaction that settled it. */
export interface FoundRecord {
  epoch: number
  /** One of the two is there. */
  event: StoredEvent | null
  /** Its own, or the one that it was sent again for. */
  deadLetter: StoredDeadLetter | null
  /** Rows with the same moment around it: those that are kept. */
  batch: { arrivedMs: number; firstSeq: number; lastSeq: number; events: number; deadLetters: number }
}

export interface RowSearch {
  /** More than 10,000 rows are never looked at in one call, whatever is asked. */
  events(query: SearchQuery<EventFilter>): Promise<Found<StoredEvent>>
  /** The same. Rows end early where their bytes add up to too much; `reached` is then the last of them. */
  deadLetters(query: SearchQuery<DeadLetterFilter>): Promise<Found<StoredDeadLetter>>
  /** null where no row is kept: noise, a duplicate, or gone. In the newest epoch that has one. */
  record(place: RecordPlace): Promise<FoundRecord | null>
}

/** Looked at in one call: some 10 ms of work. */
export const searchRowsMax = 10_000
