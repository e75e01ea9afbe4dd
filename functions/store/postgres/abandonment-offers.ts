// The outbox of offers: written with the decision that made them, published afterwards, one for each incident and user.
import type { Offer } from '../../retail/abandonment/settle.ts'
import type { AbandonmentStore, OfferSteps, OutboxOffer } from '../abandonment.ts'
import { numbers, storableText, texts } from './columns.ts'
import type { Database, Session, Statement } from './database.ts'

const insertOffers: Statement = {
  name: 'abandonment-offers',
  text: `INSERT INTO abandonment_offer (group_id, decided_ms, withheld, offer_id, incident_id, user_id, region, deadline_ms)
    SELECT $1::integer, $2::bigint, false, * FROM unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
    ON CONFLICT DO NOTHING RETURNING offer_id AS "offerId"`,
}

/** Answers those that are new. */
export async function addOffers(
  session: Session,
  groupId: number,
  offers: Offer[],
  decidedMs: number,
): Promise<OutboxOffer[]> {
  if (offers.length === 0) return []
  const added = await session.rows<{ offerId: string }>(insertOffers, [
    groupId,
    decidedMs,
    texts(offers.map(({ offerId }) => offerId)),
    texts(offers.map(({ incidentId }) => incidentId)),
    numbers(offers.map(({ userId }) => userId)),
    texts(offers.map(({ region }) => storableText(region))),
    numbers(offers.map(({ deadlineMs }) => deadlineMs)),
  ])
  const isNew = new Set(added.map(({ offerId }) => offerId))
  return offers.filter(({ offerId }) => isNew.has(offerId)).map((offer) => ({ ...offer, decidedMs }))
}

const groupId = '(SELECT id FROM consumer_group WHERE name = $1)'

const waiting: Statement = {
  name: 'abandonment-waiting',
  text: `SELECT offer_id AS "offerId", incident_id AS "incidentId", user_id AS "userId", region,
      deadline_ms AS "deadlineMs", decided_ms AS "decidedMs" FROM abandonment_offer
    WHERE group_id = ${groupId} AND decided_ms < $2 AND published_ms IS NULL AND NOT withheld
    ORDER BY decided_ms LIMIT $3`,
}
const mark: Statement = {
  name: 'abandonment-mark',
  text: `UPDATE abandonment_offer SET published_ms = $2
    WHERE group_id = ${groupId} AND offer_id = ANY($3::text[]) AND published_ms IS NULL`,
}
const steps: Statement = {
  name: 'abandonment-steps',
  text: `SELECT deadline_ms AS "deadlineMs", decided_ms AS "decidedMs", published_ms AS "publishedMs"
    FROM abandonment_offer WHERE group_id = ${groupId} AND published_ms IS NOT NULL ORDER BY published_ms DESC LIMIT $2`,
}
const forgetOffers: Statement = {
  name: 'abandonment-forget-offers',
  text: `WITH gone AS (DELETE FROM abandonment_offer WHERE group_id = ${groupId} AND offer_id IN
      (SELECT offer_id FROM abandonment_offer WHERE group_id = ${groupId} AND published_ms < $2 LIMIT $3) RETURNING 1)
    SELECT count(*) AS rows FROM gone`,
}
const forgetIncidents: Statement = {
  name: 'abandonment-forget-incidents',
  text: `WITH gone AS (DELETE FROM abandonment_incident WHERE closed_ms < $2 AND state_id =
      (SELECT id FROM abandonment_state WHERE group_id = ${groupId} AND serves) RETURNING 1)
    SELECT count(*) AS rows FROM gone`,
}

/** The outbox's books. */
export function outbox(
  database: Database,
): Pick<AbandonmentStore, 'unpublished' | 'markPublished' | 'offerSteps' | 'forget'> {
  const rowsOf = async (statement: Statement, values: (string | number)[]) =>
    (await database.rows<{ rows: number }>(statement, values))[0]?.rows ?? 0
  return {
    unpublished: ({ group, decidedBeforeMs, limit }) =>
      database.rows<OutboxOffer>(waiting, [group, decidedBeforeMs, limit]),
    async markPublished({ group, offerIds, atMs }) {
      await database.rows(mark, [group, atMs, texts(offerIds)])
    },
    offerSteps: ({ group, limit }) => database.rows<OfferSteps>(steps, [group, limit]),
    forget: async ({ group, beforeMs, limit }) =>
      (await rowsOf(forgetOffers, [group, beforeMs, limit])) + (await rowsOf(forgetIncidents, [group, beforeMs])),
  }
}
