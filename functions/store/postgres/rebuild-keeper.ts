// A generation of figures that is being built: each event counts once in it, whichever way it comes. And the end of old ones.
import { hexBytes, numbers } from './columns.ts'
import type { Session, Statement } from './database.ts'
import { idKey } from './id-key.ts'
import { hourOf, type SummedEvent, writeRollups } from './rollups.ts'

const claim: Statement = {
  name: 'rebuild-claim',
  text: `INSERT INTO rebuild_id SELECT $1::integer, * FROM unnest($2::bytea[]) ON CONFLICT DO NOTHING
    RETURNING encode(id, 'hex') AS key`,
}
const count: Statement = { name: 'rebuild-count', text: 'UPDATE rebuild SET events = events + $2 WHERE id = $1 / -2' }
const sketchesOf: Statement = {
  name: 'rebuild-sketches',
  text: 'SELECT hour, sketch FROM hour_users WHERE group_id = $1 AND hour = ANY($2::bigint[])',
}

/** What was left out of a generation, and the ids of all that was counted in it or left out: they go when it is done. */
export function leftOutOf(figuresId: number): number {
  return figuresId - 1
}

export type RebuildEvent = SummedEvent & { event_id: string }

/** Those of the events that a rebuild had not met before; from here on it has. */
export async function claimNew<Event extends RebuildEvent>(
  session: Session,
  leftOutId: number,
  events: Event[],
): Promise<Event[]> {
  const byKey = new Map(events.map((event) => [idKey(event.event_id), event]))
  if (byKey.size === 0) return []
  const rows = await session.rows<{ key: string }>(claim, [leftOutId, hexBytes([...byKey.keys()].sort())])
  return rows.map(({ key }) => byKey.get(key) as Event)
}

/** Adds sums to a generation of figures whose sketches nobody has read yet. */
export async function addFigures(session: Session, figuresId: number, events: SummedEvent[]): Promise<void> {
  if (events.length === 0) return
  const hours = numbers([...new Set(events.map(hourOf))])
  const known = await session.rows<{ hour: number; sketch: Uint8Array }>(sketchesOf, [figuresId, hours])
  writeRollups(session, figuresId, new Map(known.map(({ hour, sketch }) => [hour, sketch])), events)
}

/** Adds the events that were not counted yet. Answers how many were. */
export async function addNew(session: Session, figuresId: number, events: RebuildEvent[]): Promise<number> {
  const fresh = await claimNew(session, leftOutOf(figuresId), events)
  await addFigures(session, figuresId, fresh)
  if (fresh.length > 0) session.send(count, [figuresId, fresh.length])
  return fresh.length
}

/** Hours and minutes, and ids, for each transaction. */
const spansPerStep = 24
const idsPerStep = 2_000

const oldest = (table: string, unit: string, spans: number) =>
  `DELETE FROM ${table} USING stale WHERE group_id = figures_id AND ${unit} <
    (SELECT min(${unit}) FROM ${table} JOIN stale ON group_id = figures_id) + ${spans} RETURNING 1`

/** One step of the removal of a generation that nobody reads; its number goes with the last of its rows. */
export const removeStale: Statement = {
  name: 'remove-stale-figures',
  text: `WITH stale AS MATERIALIZED (SELECT figures_id FROM stale_figures ORDER BY figures_id LIMIT 1),
    minutes AS (${oldest('event_minute', 'minute', spansPerStep * 60)}),
    hours AS (${oldest('event_hour', 'hour', spansPerStep)}),
    users AS (${oldest('hour_users', 'hour', spansPerStep)}),
    ids AS (DELETE FROM rebuild_id WHERE (figures_id, id) IN
      (SELECT figures_id, id FROM rebuild_id JOIN stale USING (figures_id) LIMIT ${idsPerStep}) RETURNING 1)
    DELETE FROM stale_figures USING stale WHERE stale_figures.figures_id = stale.figures_id
      AND NOT EXISTS (SELECT FROM minutes UNION ALL SELECT FROM hours UNION ALL SELECT FROM users UNION ALL SELECT FROM ids)`,
}
