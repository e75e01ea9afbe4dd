// The port for abandoned carts: the second consumer's state, which moves on in the transaction of its own batches.
//
// Everything is per consumer group. Moments are events' own time; decided and published are the store's clock. All ms.
import type { Incident, Region } from '../retail/abandonment/region.ts'
import type { AbandonmentRules } from '../retail/abandonment/rules.ts'
import type { Offer } from '../retail/abandonment/settle.ts'
import type { AbandonmentRebuild } from './abandonment-rebuild.ts'
import type { Batch, BatchResult } from './store.ts'

/** What one transaction moved. */
export interface Progress {
  /** Everything that fell due before it is decided; null while a partition has not been heard of. */
  watermarkMs: number | null
  /** Events of this batch that came too late to count. */
  late: number
  decided: number
  abandoned: number
  /** New offers, which nobody has published yet. */
  offers: OutboxOffer[]
  /** More has fallen due than one transaction decides: the next one goes on with it. */
  isMoreDue: boolean
}

export interface OutboxOffer extends Offer {
  decidedMs: number
}

/** How far the group is known to have read a partition: to its end, at the moment `readToEndMs`; null where it lags. */
export interface PartitionReading {
  partition: number
  readToEndMs: number | null
  /** Where the topic's log begins: what was recorded of earlier offsets is forgotten. */
  logStartOffset: number
}

export interface AbandonmentOverview {
  watermarkMs: number | null
  shoppers: number
  late: number
  decided: number
  abandoned: number
  /** Up to where windows are closed. */
  settledMs: number | null
  regions: Region[]
  offers: { made: number; published: number }
}

export type IncidentRow = Incident & {
  /** Distinct offers made in it. */
  offers: number
  published: number
}

/** When the steps of one published offer were done. */
export interface OfferSteps {
  deadlineMs: number
  decidedMs: number
  publishedMs: number
}

export interface AbandonmentStore {
  /**
   * Writes a batch as `Store.writeBatch` does, and in the same transaction moves its new events' users, watermark,
   * windows, incidents and outbox on. What is redelivered or a duplicate moves nothing.
   *
   * @throws PipelineError as `Store.writeBatch`
   */
  writeBatch(batch: Batch, rules: AbandonmentRules): Promise<BatchResult & Progress>

  /**
   * Lets time pass where the stream is quiet: raises the clocks of partitions that the group has read to their end, and
   * decides what falls due by it. A raised clock is recorded at the partition's offset, so that a rebuild repeats it.
   * Partitions that are new are counted from here on. Does nothing where nothing waits to fall due.
   *
   * @param partitions all of the topic's
   */
  passTime(
    query: { group: string; topic: string; partitions: PartitionReading[] },
    rules: AbandonmentRules,
  ): Promise<Progress>

  /** Offers in the outbox that were decided before a moment, the oldest first. */
  unpublished(query: { group: string; decidedBeforeMs: number; limit: number }): Promise<OutboxOffer[]>
  /** Said again, the first moment stays. */
  markPublished(query: { group: string; offerIds: string[]; atMs: number }): Promise<void>

  /** null where the group has no such state. */
  overview(group: string): Promise<AbandonmentOverview | null>
  /** Open ones first, then the newest. */
  incidents(query: { group: string; limit: number }): Promise<IncidentRow[]>
  /** Of the newest published offers. */
  offerSteps(query: { group: string; limit: number }): Promise<OfferSteps[]>

  /** Lets published offers and closed incidents go that are older than a moment; answers how many rows went. */
  forget(query: { group: string; beforeMs: number; limit: number }): Promise<number>

  /** Makes all of it anew from the topic. */
  readonly rebuild: AbandonmentRebuild
}

/** A partition whose clock is not older than this is not quiet: its own records move it on. */
export const quietMs = 1_000
