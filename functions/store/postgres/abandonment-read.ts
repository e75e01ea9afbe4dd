// Reads the serving state for those who watch it.
import type { Incident } from '../../retail/abandonment/region.ts'
import type { AbandonmentOverview, AbandonmentStore } from '../abandonment.ts'
import { regionsOf } from '../abandonment-rows.ts'
import type { Database, Statement } from './database.ts'

const serving = `(SELECT abandonment_state.id FROM abandonment_state
  JOIN consumer_group ON consumer_group.id = group_id WHERE name = $1 AND serves)`

const overviewOf: Statement = {
  name: 'abandonment-overview',
  text: `SELECT watermark_ms AS "watermarkMs", settled_ms AS "settledMs", shoppers, late, decided, abandoned,
      (SELECT count(*) FROM abandonment_offer WHERE group_id = state.group_id AND published_ms IS NULL AND NOT withheld)
        AS waiting,
      (SELECT count(*) FROM abandonment_offer WHERE group_id = state.group_id AND published_ms IS NOT NULL) AS published,
      ARRAY(SELECT windows FROM abandonment_region WHERE state_id = state.id ORDER BY region) AS regions
    FROM abandonment_state AS state WHERE id = ${serving}`,
}
const incidentsOf: Statement = {
  name: 'abandonment-incidents',
  text: `SELECT incident, count(offer_id) AS offers, count(published_ms) AS published
    FROM (SELECT * FROM abandonment_incident WHERE state_id = ${serving}
      ORDER BY closed_ms IS NOT NULL, opened_ms DESC, id LIMIT $2) AS newest
    LEFT JOIN abandonment_offer ON group_id = (SELECT id FROM consumer_group WHERE name = $1) AND incident_id = newest.id
    GROUP BY newest.id, newest.opened_ms, newest.closed_ms, incident
    ORDER BY newest.closed_ms IS NOT NULL, newest.opened_ms DESC, newest.id`,
}

type OverviewRow = Omit<AbandonmentOverview, 'regions' | 'offers'> & {
  regions: string[]
  /** Each half has an index of its own. */
  waiting: number
  published: number
}

export function abandonmentReader(database: Database): Pick<AbandonmentStore, 'overview' | 'incidents'> {
  return {
    async overview(group) {
      const [row] = await database.rows<OverviewRow>(overviewOf, [group])
      if (!row) return null
      const { regions, waiting, published, ...counters } = row
      return { ...counters, regions: regionsOf(regions), offers: { made: published + waiting, published } }
    },
    async incidents({ group, limit }) {
      const rows = await database.rows<{ incident: string; offers: number; published: number }>(incidentsOf, [
        group,
        limit,
      ])
      return rows.map(({ incident, offers, published }) => ({
        ...(JSON.parse(incident) as Incident),
        offers,
        published,
      }))
    },
  }
}
