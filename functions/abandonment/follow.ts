// One batch of records to users' carts, and the offers that follow from it to their topic.

import { PipelineError } from '../errors.ts'
import { type ConsumerParts, consume } from '../intake/consume.ts'
import type { DecodedRecord } from '../lambda/decode.ts'
import { type OfferParts, publishOffers } from '../offers/publish-offers.ts'
import type { AbandonmentRules } from '../retail/abandonment/rules.ts'
import type { AbandonmentStore } from '../store/abandonment.ts'
import type { BatchResult, Outcome } from '../store/store.ts'

export interface FollowParts extends Omit<ConsumerParts, 'store'> {
  store: Pick<AbandonmentStore, 'writeBatch'>
  rules: AbandonmentRules
  offers: OfferParts
  /** Told of offers that stay in the outbox for now. */
  onUnsent(error: PipelineError): void
}

export interface Followed extends BatchResult {
  late: number
  decided: number
  abandoned: number
  /** Made, and sent unless Kafka was away. */
  offers: number
}

/**
 * Writes the batch, its users' carts and the outbox in one transaction, then sends the new offers. A batch that is
 * stored is done: where Kafka takes no offers, the outbox function sends them later.
 */
export async function follow(records: DecodedRecord[], parts: FollowParts): Promise<Followed> {
  const { store, rules, offers, onUnsent } = parts
  const written = await consume(records, {
    ...parts,
    store: {
      writeBatch: (batch) =>
        store.writeBatch(
          { ...batch, outcomes: batch.outcomes.map(withoutViews), isFiltered: true, keepsNoEvents: true },
          rules,
        ),
    },
  })
  try {
    await publishOffers(written.offers, offers)
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error
    onUnsent(error)
  }
  const { watermarkMs: _, isMoreDue: __, ...counts } = written
  return { ...counts, offers: written.offers.length }
}

/** The mapping's filter keeps them away; without it they are no business of this consumer either. */
function withoutViews(outcome: Outcome): Outcome {
  const isView = outcome.kind === 'event' && outcome.event.event_type === 'view'
  return isView ? { kind: 'noise', record: outcome.record } : outcome
}
