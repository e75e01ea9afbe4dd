// Reads the serving state for those who watch it, and keeps the outbox's books.
import type { Database } from 'better-sqlite3'
import type { Incident } from '../../retail/abandonment/region.ts'
import type { AbandonmentOverview, AbandonmentStore, IncidentRow, OfferSteps, OutboxOffer } from '../abandonment.ts'
import { regionsOf } from '../abandonment-rows.ts'
import { offerRows } from './abandonment-offers.ts'
import { inTurn } from './in-turn.ts'

type Query<Method extends Exclude<keyof AbandonmentStore, 'rebuild'>> = Parameters<AbandonmentStore[Method]>[0]

export interface AbandonmentReader {
  overview(group: string): AbandonmentOverview | null
  incidents(query: Query<'incidents'>): IncidentRow[]
  offerSteps(query: Query<'offerSteps'>): OfferSteps[]
  unpublished(query: Query<'unpublished'>): OutboxOffer[]
  markPublished(query: Query<'markPublished'>): void
  forget(query: Query<'forget'>): number
}

interface ServingRow extends Omit<AbandonmentOverview, 'regions' | 'offers'> {
  id: number
  groupId: number
}

export function abandonmentReader(db: Database): AbandonmentReader {
  const offers = offerRows(db)
  const groupIdOf = db.prepare<[string], number>('SELECT id FROM consumer_group WHERE name = ?').pluck()
  const serving = db.prepare<[string], ServingRow>(
    `SELECT abandonment_state.id, group_id AS groupId, watermark_ms AS watermarkMs, settled_ms AS settledMs, shoppers,
       late, decided, abandoned
     FROM abandonment_state JOIN consumer_group ON consumer_group.id = group_id WHERE name = ? AND serves = 1`,
  )
  const regionRows = db
    .prepare<[number], string>('SELECT windows FROM abandonment_region WHERE state_id = ? ORDER BY region')
    .pluck()
  const incidentsOf = db
    .prepare<[number, number], string>(
      `SELECT incident FROM abandonment_incident WHERE state_id = ?
       ORDER BY closed_ms IS NOT NULL, opened_ms DESC, id LIMIT ?`,
    )
    .pluck()
  const forgetIncidents = db.prepare('DELETE FROM abandonment_incident WHERE state_id = ? AND closed_ms < ?')
  const books = inTurn(db, (work: () => number): number => work())

  return {
    overview(group) {
      const state = serving.get(group)
      if (!state) return null
      const { id, groupId, ...counters } = state
      return { ...counters, regions: regionsOf(regionRows.all(id)), offers: offers.counts(groupId) }
    },
    incidents({ group, limit }) {
      const state = serving.get(group)
      if (!state) return []
      return incidentsOf.all(state.id, limit).map((text) => {
        const incident = JSON.parse(text) as Incident
        return { ...incident, ...offers.ofIncident(state.groupId, incident.id) }
      })
    },
    offerSteps: ({ group, limit }) => offers.steps(groupIdOf.get(group) ?? 0, limit),
    unpublished: ({ group, ...query }) => offers.unpublished(groupIdOf.get(group) ?? 0, query),
    markPublished(query) {
      const groupId = groupIdOf.get(query.group) ?? 0
      books(() => {
        offers.markPublished(groupId, query)
        return query.offerIds.length
      })
    },
    forget({ group, ...query }) {
      const state = serving.get(group)
      if (!state) return 0
      return books(() => offers.forget(state.groupId, query) + forgetIncidents.run(state.id, query.beforeMs).changes)
    },
  }
}
