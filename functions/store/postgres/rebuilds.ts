// Rebuilds a group's figures: begun, filled, compared with those that are served, and served in their place.
import { PipelineError } from '../../errors.ts'
import { mergeSketch } from '../distinct-users.ts'
import { type RebuildSums, resultOf } from '../rebuild-result.ts'
import { type Rebuilds, type RebuiltEvent, type RunningRebuild, rowsPerStep } from '../rebuilds.ts'
import { bytes, hexBytes, numbers, storableText } from './columns.ts'
import type { Database, Session, Statement } from './database.ts'
import { idKey } from './id-key.ts'
import { addFigures, addNew, claimNew, type RebuildEvent } from './rebuild-keeper.ts'
import { addGroup, lockGroup } from './recall.ts'

/** The group's batches wait for it, as for each other. */
export const findRebuild: Statement = {
  name: 'rebuild-find',
  text: `SELECT group_id AS "groupId", coalesce(figures_id, group_id) AS "figuresId", -2 * rebuild.id AS "nextId",
      -2 * rebuild.id - 1 AS "leftOutId", events, erased
    FROM rebuild JOIN consumer_group ON consumer_group.id = group_id WHERE rebuild.id = $1 AND state = 'running' FOR UPDATE`,
}
export const interruptedRebuilds: Statement = {
  name: 'rebuild-interrupted',
  text: `SELECT id FROM rebuild WHERE group_id = $1 AND state = 'running'`,
}
const add: Statement = {
  name: 'rebuild-add',
  text: `WITH added AS (
      INSERT INTO rebuild (group_id, requested_by, requested_ms, state) VALUES ($1, $2, $3, 'running') RETURNING id
    ), opened AS (UPDATE consumer_group SET next_figures_id = -2 * added.id FROM added WHERE consumer_group.id = $1)
    SELECT id FROM added`,
}
const fencesOf: Statement = {
  name: 'rebuild-fences',
  text: `SELECT topic, partition, max(to_offset) AS "nextOffset" FROM source
    JOIN accounted_range AS range ON source_id = source.id
    WHERE group_id = $1 AND epoch = (SELECT max(epoch) FROM account WHERE account.source_id = source.id)
    GROUP BY topic, partition ORDER BY topic, partition`,
}
export const endRebuild: Statement = {
  name: 'rebuild-end',
  text: `WITH ended AS (UPDATE rebuild SET state = $2, finished_ms = $3 WHERE id = $1),
    closed AS (UPDATE consumer_group SET next_figures_id = NULL WHERE next_figures_id = -2 * $1)
    INSERT INTO stale_figures SELECT * FROM unnest($4::integer[]) ON CONFLICT DO NOTHING`,
}
const serve: Statement = { name: 'rebuild-serve', text: 'UPDATE consumer_group SET figures_id = $2 WHERE id = $1' }
export const knownHashes: Statement = {
  name: 'rebuild-known',
  text: `SELECT ordinality AS place, content_hash AS hash
    FROM unnest($2::bytea[]) WITH ORDINALITY AS asked (id, ordinality)
    JOIN event_identity AS known ON known.group_id = $1 AND known.id = asked.id`,
}
export const erasedAt: Statement = {
  name: 'rebuild-erased',
  text: `SELECT user_id AS "userId", max(requested_ms) AS ms FROM erasure WHERE user_id = ANY($1::bigint[]) GROUP BY user_id`,
}
const countErased: Statement = {
  name: 'rebuild-count-erased',
  text: 'UPDATE rebuild SET erased = erased + $2 WHERE id = $1',
}
const rowsAfter: Statement = {
  name: 'rebuild-rows',
  text: `SELECT seq, event_id, event_type, user_id, amount_bucket, amount_cents, event_ms, region FROM event
    WHERE group_id = $1 AND seq > $2 ORDER BY seq LIMIT ${rowsPerStep}`,
}

export function rebuildRows(database: Database, { clock }: { clock: () => number }): Rebuilds {
  const running = <Answer>(
    id: number,
    work: (session: Session, found: RunningRebuild) => Promise<Answer>,
  ): Promise<Answer> =>
    database.transaction(async (session) => {
      const [found] = await session.rows<RunningRebuild>(findRebuild, [id])
      if (!found) throw new PipelineError('REBUILD_GONE', `rebuild ${id} does not run any more`)
      return work(session, found)
    })
  const endWith = (session: Session, id: number, state: 'finished' | 'given up', stale: number[]) =>
    session.send(endRebuild, [id, state, clock(), numbers(stale)])
  return {
    begin: ({ group, by }) =>
      database.transaction(async (session) => {
        session.send(addGroup, [group])
        const [locked] = await session.rows<{ id: number }>(lockGroup, [group])
        const groupId = locked?.id ?? 0
        for (const { id } of await session.rows<{ id: number }>(interruptedRebuilds, [groupId])) {
          endWith(session, id, 'given up', [-2 * id, -2 * id - 1])
        }
        const [added] = await session.rows<{ id: number }>(add, [groupId, storableText(by), clock()])
        return { id: added?.id ?? 0, fences: await session.rows(fencesOf, [groupId]) }
      }),
    add: ({ id, events }) => running(id, (session, found) => addEvents(session, { ...found, id }, events)),
    addRows: ({ id, after }) =>
      running(id, async (session, { groupId, nextId }) => {
        const rows = await session.rows<RebuildEvent & { seq: number }>(rowsAfter, [groupId, after])
        return { added: await addNew(session, nextId, rows), after: rows.at(-1)?.seq ?? null }
      }),
    finish: ({ id }) =>
      running(id, async (session, found) => {
        const result = resultOf(found, await compare(session, found))
        session.send(serve, [found.groupId, found.nextId])
        endWith(session, id, 'finished', [found.figuresId, found.leftOutId])
        return result
      }),
    cancel: ({ id }) =>
      running(id, async (session, { nextId, leftOutId }) => endWith(session, id, 'given up', [nextId, leftOutId])),
  }
}

async function addEvents(
  session: Session,
  { id, groupId, nextId, leftOutId }: RunningRebuild & { id: number },
  events: RebuiltEvent[],
) {
  const [hashes, erasures] = await Promise.all([
    session.rows<{ place: number; hash: Uint8Array }>(knownHashes, [
      groupId,
      hexBytes(events.map(({ event }) => idKey(event.event_id))),
    ]),
    session.rows<{ userId: number; ms: number }>(erasedAt, [numbers(events.map(({ event }) => event.user_id))]),
  ])
  const hashOf = new Map(hashes.map(({ place, hash }) => [place - 1, hash]))
  const erasedMs = new Map(erasures.map(({ userId, ms }) => [userId, ms]))
  const known = events.filter(({ contentHash }, index) => {
    const hash = hashOf.get(index)
    return hash !== undefined && Buffer.compare(hash, contentHash) === 0
  })
  const isErased = ({ event, recordMs }: RebuiltEvent) => recordMs <= (erasedMs.get(event.user_id) ?? -1)
  const ofErased = known.filter(isErased).map(({ event }) => event)
  const leftOut = await claimNew(session, leftOutId, ofErased)
  await addFigures(session, leftOutId, leftOut)
  if (leftOut.length > 0) session.send(countErased, [id, leftOut.length])
  const kept = known.filter((one) => !isErased(one)).map(({ event }) => event)
  const added = await addNew(session, nextId, kept)
  const again = known.length - added - leftOut.length
  return { added, again, erased: leftOut.length, unknown: events.length - known.length }
}

const storedIn: Statement = {
  name: 'rebuild-stored',
  text: `SELECT coalesce(sum(stored), 0)::bigint AS stored FROM account JOIN source ON source.id = source_id
    WHERE group_id = $1`,
}
const key = 'event_type, region, amount_bucket'
/** $1 the served generation, $2 the new one, $3 what was left out. */
const sides = (table: string, unit: string) => `
  SELECT * FROM (
    SELECT ${unit} AS at, ${key},
      coalesce(sum(events) FILTER (WHERE group_id = $1), 0)::bigint AS before,
      coalesce(sum(events) FILTER (WHERE group_id = $2), 0)::bigint AS after,
      coalesce(sum(events) FILTER (WHERE group_id = $3), 0)::bigint AS "leftOut",
      coalesce(sum(amount_cents) FILTER (WHERE group_id = $1), 0)::bigint AS "centsBefore",
      coalesce(sum(amount_cents) FILTER (WHERE group_id = $2), 0)::bigint AS "centsAfter",
      coalesce(sum(amount_cents) FILTER (WHERE group_id = $3), 0)::bigint AS "centsLeftOut"
    FROM ${table} WHERE group_id IN ($1, $2, $3) GROUP BY ${unit}, ${key}
  ) AS sides WHERE before <> after + "leftOut" OR "centsBefore" <> "centsAfter" + "centsLeftOut"`
const differing: Statement = {
  name: 'rebuild-differing',
  text: `${sides('event_hour', 'hour')} ORDER BY at, ${key}`,
}
const carry = (table: string, unit: string): Statement => ({
  name: `rebuild-carry-${table}`,
  text: `INSERT INTO ${table}
    SELECT $2::integer, at, ${key}, before - after - "leftOut", "centsBefore" - "centsAfter" - "centsLeftOut"
    FROM (${sides(table, unit)}) AS carried WHERE before > after + "leftOut"
    ON CONFLICT (group_id, ${unit}, ${key}) DO UPDATE
    SET events = ${table}.events + excluded.events, amount_cents = ${table}.amount_cents + excluded.amount_cents`,
})
const carries = [carry('event_minute', 'minute'), carry('event_hour', 'hour')]
const sketches: Statement = {
  name: 'rebuild-both-sketches',
  text: 'SELECT group_id AS id, hour, sketch FROM hour_users WHERE group_id IN ($1, $2) AND hour = ANY($3::bigint[])',
}
const setSketches: Statement = {
  name: 'rebuild-set-sketches',
  text: `INSERT INTO hour_users SELECT $1::integer, * FROM unnest($2::bigint[], $3::bytea[])
    ON CONFLICT (group_id, hour) DO UPDATE SET sketch = excluded.sketch`,
}

/** Reads both generations side by side, and carries over what only sums remember. */
async function compare(session: Session, found: RunningRebuild): Promise<{ gone: number; sums: RebuildSums[] }> {
  const generations = [found.figuresId, found.nextId, found.leftOutId]
  const [[counted], sums] = await Promise.all([
    session.rows<{ stored: number }>(storedIn, [found.groupId]),
    session.rows<RebuildSums>(differing, generations),
  ])
  const gone = (counted?.stored ?? 0) - found.events - found.erased
  if (gone > 0) {
    for (const statement of carries) session.send(statement, generations)
    const fallen = sums.filter(({ before, after, leftOut }) => before > after + leftOut)
    await carryUsers(session, found, [...new Set(fallen.map(({ at }) => at))])
  }
  return { gone, sums }
}

async function carryUsers(session: Session, { figuresId, nextId }: RunningRebuild, hours: number[]): Promise<void> {
  type Row = { id: number; hour: number; sketch: Uint8Array }
  const rows = await session.rows<Row>(sketches, [figuresId, nextId, numbers(hours)])
  const merged = new Map<number, Uint8Array>()
  for (const { hour, sketch } of rows) {
    const before = merged.get(hour)
    if (before) mergeSketch(before, sketch)
    else merged.set(hour, new Uint8Array(sketch))
  }
  session.send(setSketches, [nextId, numbers([...merged.keys()]), bytes([...merged.values()])])
}
