// The outbox of offers: written with the decision that made them, published afterwards, one for each incident and user.
import type { Database } from 'better-sqlite3'
import type { Offer } from '../../retail/abandonment/settle.ts'
import type { AbandonmentStore, OfferSteps, OutboxOffer } from '../abandonment.ts'

export interface OfferRows {
  /** Answers those that are new. */
  add(groupId: number, offers: Offer[], decidedMs: number): OutboxOffer[]
  unpublished(groupId: number, query: { decidedBeforeMs: number; limit: number }): OutboxOffer[]
  markPublished(groupId: number, query: Parameters<AbandonmentStore['markPublished']>[0]): void
  counts(groupId: number): { made: number; published: number }
  ofIncident(groupId: number, incidentId: string): { offers: number; published: number }
  steps(groupId: number, limit: number): OfferSteps[]
  forget(groupId: number, query: { beforeMs: number; limit: number }): number
}

export function offerRows(db: Database): OfferRows {
  const insert = db.prepare(
    'INSERT INTO abandonment_offer VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 0) ON CONFLICT DO NOTHING',
  )
  const waiting = db.prepare<[number, number, number], OutboxOffer>(
    `SELECT offer_id AS offerId, incident_id AS incidentId, user_id AS userId, region, deadline_ms AS deadlineMs,
       decided_ms AS decidedMs FROM abandonment_offer
     WHERE group_id = ? AND decided_ms < ? AND published_ms IS NULL AND withheld = 0 ORDER BY decided_ms LIMIT ?`,
  )
  const mark = db.prepare(
    'UPDATE abandonment_offer SET published_ms = ? WHERE group_id = ? AND offer_id = ? AND published_ms IS NULL',
  )
  // Each half has an index of its own, which is a fraction of the rows.
  const counts = db.prepare<{ groupId: number }, { published: number; waiting: number }>(
    `SELECT
       (SELECT count(*) FROM abandonment_offer WHERE group_id = @groupId AND published_ms IS NOT NULL) AS published,
       (SELECT count(*) FROM abandonment_offer INDEXED BY abandonment_offer_waiting
        WHERE group_id = @groupId AND published_ms IS NULL AND withheld = 0) AS waiting`,
  )
  const ofIncident = db.prepare<[number, string], { offers: number; published: number }>(
    `SELECT count(*) AS offers, count(published_ms) AS published FROM abandonment_offer
     WHERE group_id = ? AND incident_id = ?`,
  )
  const steps = db.prepare<[number, number], OfferSteps>(
    `SELECT deadline_ms AS deadlineMs, decided_ms AS decidedMs, published_ms AS publishedMs FROM abandonment_offer
     WHERE group_id = ? AND published_ms IS NOT NULL ORDER BY published_ms DESC LIMIT ?`,
  )
  const forget = db.prepare(
    `DELETE FROM abandonment_offer WHERE group_id = ? AND offer_id IN
       (SELECT offer_id FROM abandonment_offer WHERE group_id = ? AND published_ms < ? LIMIT ?)`,
  )

  return {
    add: (groupId, offers, decidedMs) =>
      offers
        .filter(
          ({ offerId, incidentId, userId, region, deadlineMs }) =>
            insert.run(groupId, offerId, incidentId, userId, region, deadlineMs, decidedMs).changes === 1,
        )
        .map((offer) => ({ ...offer, decidedMs })),
    unpublished: (groupId, { decidedBeforeMs, limit }) => waiting.all(groupId, decidedBeforeMs, limit),
    markPublished(groupId, { offerIds, atMs }) {
      for (const offerId of offerIds) mark.run(atMs, groupId, offerId)
    },
    counts(groupId) {
      const { published = 0, waiting = 0 } = counts.get({ groupId }) ?? {}
      return { made: published + waiting, published }
    },
    ofIncident: (groupId, incidentId) => ofIncident.get(groupId, incidentId) ?? { offers: 0, published: 0 },
    steps: (groupId, limit) => steps.all(groupId, limit),
    forget: (groupId, { beforeMs, limit }) => forget.run(groupId, groupId, beforeMs, limit).changes,
  }
}
