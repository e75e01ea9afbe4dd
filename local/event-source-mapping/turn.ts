// What a dispatcher is told of what Kafka brought, and what it answers is to be done.
import type { WaitingRecord } from './batch.ts'
import type { Batch } from './in-flight.ts'

/** What Kafka brought for one partition. */
export interface Arrival {
  partition: number
  /** The offset that was asked for. */
  fetchedOffset: number
  /** The offset to ask for next: behind the last record, control records included. */
  nextOffset: number
  /** Where the log ends. */
  endOffset?: number
  records: readonly WaitingRecord[]
}

/** What is to be done now. */
export interface Turn {
  invoke: Batch[]
  /** Batches whose current part is to be brought to the on-failure destination. */
  deliver: Batch[]
  /** When to ask again if nothing happens before. */
  wakeAtMs: number | null
}
