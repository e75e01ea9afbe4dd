// Sends offers of the outbox to their topic, and notes down that they went.
import type { Publish } from '../kafka/publish.ts'
import type { AbandonmentStore, OutboxOffer } from '../store/abandonment.ts'

export interface OfferParts {
  store: Pick<AbandonmentStore, 'markPublished'>
  publish: Publish
  /** Where offers go. */
  topic: string
  group: string
  discountPercent: number
  /** ms */
  now(): number
}

/** One message of the offers' topic. Its key is the user's id. */
export interface OfferMessage {
  /** The same whenever the offer is sent again: readers count it once. */
  offer_id: string
  incident_id: string
  user_id: number
  region: string | null
  discount_percent: number
  /** ISO 8601, UTC, event time: when the user's cart counted as abandoned. */
  abandoned_at: string
}

const offersPerSend = 500

/**
 * At least once: what is acknowledged is noted down afterwards, so a crash in between sends it again under its id.
 *
 * @returns how many were acknowledged
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED; STORE_* of the store. What was not sent stays in the outbox.
 */
export async function publishOffers(offers: OutboxOffer[], parts: OfferParts): Promise<number> {
  const { store, publish, topic, group, discountPercent, now } = parts
  for (let from = 0; from < offers.length; from += offersPerSend) {
    const sent = offers.slice(from, from + offersPerSend)
    await publish(
      topic,
      sent.map((offer) => ({ key: String(offer.userId), value: JSON.stringify(messageOf(offer, discountPercent)) })),
    )
    await store.markPublished({ group, offerIds: sent.map(({ offerId }) => offerId), atMs: now() })
  }
  return offers.length
}

function messageOf({ offerId, incidentId, userId, region, deadlineMs }: OutboxOffer, percent: number): OfferMessage {
  return {
    offer_id: offerId,
    incident_id: incidentId,
    user_id: userId,
    region: region || null,
    discount_percent: percent,
    abandoned_at: new Date(deadlineMs).toISOString(),
  }
}
