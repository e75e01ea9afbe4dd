// Lets rows go that are too old, or that take too much room, and ids that nothing can bring back, in short steps.
import type { Position } from '../position.ts'
import type { Expired, Retention } from '../retention.ts'
import { removeStaleState } from './abandonment-stale.ts'
import type { Database, Session, Statement } from './database.ts'
import { expireIds } from './expire-ids.ts'
import { removeStale } from './rebuild-keeper.ts'
import { type LockedGroup, lockForRemoval, removeRows } from './remove-rows.ts'

/** Rows for each transaction: it holds up the group's batches for some milliseconds. */
const stepRows = 1_000

/** Seconds of arrival are asked for by the minute; two days of them are plenty. */
const arrivalMsMax = 2 * 24 * 60 * 60 * 1000

/** What a row takes beside the columns that vary: header, fixed columns, entries of indexes, its identity. */
const rowBytes = { event: 300, dead_letter: 250 }

const groupsOf: Statement = { name: 'expire-groups', text: 'SELECT id FROM consumer_group ORDER BY id' }

/** The oldest rows up to the first that is young enough, and never the newest event: freshness speaks of it. */
const oldestOf = (table: Position['table'], stays: string): Statement => ({
  name: `expire-${table}`,
  text: `WITH oldest AS (
      SELECT seq, arrived_ms FROM ${table} WHERE group_id = $1 AND seq < ${stays} ORDER BY seq LIMIT ${stepRows}
    ) SELECT seq FROM oldest
    WHERE seq < coalesce((SELECT min(seq) FROM oldest WHERE arrived_ms >= $2), 9007199254740991)`,
})
const oldest = {
  event: oldestOf('event', '(SELECT max(seq) FROM event WHERE group_id = $1)'),
  dead_letter: oldestOf('dead_letter', '9007199254740991'),
}

const expireArrivals: Statement = {
  name: 'expire-arrivals',
  text: 'DELETE FROM arrival_second WHERE group_id = $1 AND second < $2',
}

/** Hours and days stay; minutes go with the events, an hour of them at a time. */
const expireMinutes: Statement = {
  name: 'expire-minutes',
  text: `WITH served AS MATERIALIZED (SELECT coalesce(figures_id, id) AS id FROM consumer_group WHERE id = $1)
    DELETE FROM event_minute USING served WHERE group_id = served.id AND minute < $2
    AND minute <= (SELECT min(minute) FROM event_minute JOIN served ON group_id = served.id) + 60`,
}

/** Every dead letter of a redrive is older than it. Attempts go after them, for they name records that failed again. */
const expireRedrive: Statement = {
  name: 'expire-redrive',
  text: `WITH gone AS (
      DELETE FROM redrive WHERE id = (SELECT id FROM redrive WHERE group_id = $1 AND requested_ms < $2 AND NOT EXISTS
        (SELECT FROM attempt JOIN dead_letter USING (group_id, seq) WHERE redrive_id = redrive.id) LIMIT 1)
      RETURNING id
    ) DELETE FROM attempt USING gone WHERE redrive_id = gone.id`,
}

/** How many rows there are, by the counters, and how much the newest thousand of them take. */
const roomOf: Statement = {
  name: 'expire-room',
  text: `SELECT
      (SELECT coalesce(sum(stored - expired_events - erased_events), 0)::bigint FROM account) AS events,
      (SELECT coalesce(sum(dead_letters - failed_attempts - expired_dead_letters - erased_dead_letters), 0)::bigint FROM account) AS letters,
      (SELECT coalesce(avg(octet_length(event_id) + coalesce(pg_column_size(extra), 0)), 0)::float8
        FROM (SELECT * FROM event ORDER BY group_id DESC, seq DESC LIMIT 1000) AS newest) AS "eventBytes",
      (SELECT coalesce(avg(coalesce(pg_column_size(key), 0) + coalesce(pg_column_size(value), 0)), 0)::float8
        FROM (SELECT * FROM dead_letter ORDER BY group_id DESC, seq DESC LIMIT 1000) AS newest) AS "letterBytes"`,
}

export interface ExpirerOptions {
  clock: () => number
  /** Goes on with an erasure that was interrupted; false when there is none. */
  eraseStep: () => Promise<boolean>
}

/** Prepares the expiry. Each call of the result goes on for about `budgetMs` and says what went. */
export function expirer(
  database: Database,
  { clock, eraseStep }: ExpirerOptions,
): (options: { budgetMs: number; retention: Retention }) => Promise<Expired> {
  async function step(retention: Retention): Promise<Expired> {
    const now = clock()
    const isTooBig = retention.bytesMax !== null && (await usedBytes(database)) > retention.bytesMax
    const eventsBefore = isTooBig ? Number.MAX_SAFE_INTEGER : now - retention.eventMsMax
    const expired = { events: 0, deadLetters: 0, ids: 0 }
    for (const { id } of await database.rows<{ id: number }>(groupsOf)) {
      await database.transaction(async (session) => {
        // No batch may meet an id while it goes.
        const group = await lockForRemoval(session, id)
        expired.events += await expireRows(session, group, { table: 'event', beforeMs: eventsBefore })
        const beforeMs = now - retention.deadLetterMsMax
        expired.deadLetters += await expireRows(session, group, { table: 'dead_letter', beforeMs })
        session.send(expireArrivals, [id, Math.floor((now - arrivalMsMax) / 1000)])
        session.send(expireMinutes, [id, Math.floor((now - retention.eventMsMax) / 60_000)])
        session.send(expireRedrive, [id, beforeMs])
        expired.ids += await expireIds(session, id, now)
      })
    }
    await database.rows(removeStale)
    await database.rows(removeStaleState)
    return expired
  }

  return async ({ budgetMs, retention }) => {
    const startedMs = performance.now()
    const isOver = () => performance.now() - startedMs >= budgetMs
    const sum = { events: 0, deadLetters: 0, ids: 0 }
    while ((await eraseStep()) && !isOver());
    for (;;) {
      const { events, deadLetters, ids } = await step(retention)
      sum.events += events
      sum.deadLetters += deadLetters
      sum.ids += ids
      if (events + deadLetters + ids === 0 || isOver()) return sum
    }
  }
}

async function expireRows(
  session: Session,
  group: LockedGroup,
  { table, beforeMs }: { table: Position['table']; beforeMs: number },
): Promise<number> {
  const rows = await session.rows<{ seq: number }>(oldest[table], [group.groupId, beforeMs])
  await removeRows(session, group, { table, seqs: rows.map(({ seq }) => seq), reason: 'expired' })
  return rows.length
}

/**
 * Our choice: bytes that kept rows fill, by their number and the size of the newest. The size of the tables would not
 * tell, since room that rows leave is filled again and given back by Postgres' own vacuum only.
 */
async function usedBytes(database: Database): Promise<number> {
  type Room = { events: number; letters: number; eventBytes: number; letterBytes: number }
  const [room] = await database.rows<Room>(roomOf)
  if (!room) return 0
  return room.events * (rowBytes.event + room.eventBytes) + room.letters * (rowBytes.dead_letter + room.letterBytes)
}
