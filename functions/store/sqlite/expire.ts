// Lets rows go that are too old, or that take too much room, a short step at a time.
import type { Database } from 'better-sqlite3'
import type { RowTable } from '../position.ts'
import type { Expired, Retention } from '../retention.ts'
import { staleStateRemover } from './abandonment-stale.ts'
import { idExpiry } from './expire-ids.ts'
import { inTurn } from './in-turn.ts'
import { staleRemover } from './rebuild-keeper.ts'
import { type RemovableRow, rowRemover } from './remove-rows.ts'

/** Rows for each transaction: it holds the write lock for a few milliseconds. */
const stepRows = 500

/** Minutes of business figures for each transaction. */
const minutesPerStep = 60

/** Seconds of arrival are asked for by the minute; two days of them are plenty. */
const arrivalMsMax = 2 * 24 * 60 * 60 * 1000

interface GroupRow {
  id: number
  figuresId: number
  /** The newest event stays: freshness speaks of it. */
  newestEvent: number
}

/** Prepares the expiry. Each call of the result goes on for about `budgetMs` and says what went. */
export function expirer(
  db: Database,
  { clock }: { clock: () => number },
): (options: { budgetMs: number; retention: Retention }) => Expired {
  const groups = db.prepare<[], GroupRow>(`
    SELECT id, ifnull(figures_id, id) AS figuresId, ifnull((SELECT seq FROM event WHERE group_id = consumer_group.id ORDER BY seq DESC LIMIT 1), 0) AS newestEvent
    FROM consumer_group`)
  const oldest = (table: RowTable) =>
    db.prepare<[number, number], RemovableRow & { arrivedMs: number }>(
      `SELECT seq, account_id AS accountId, arrived_ms AS arrivedMs FROM ${table}
       WHERE group_id = ? AND seq < ? ORDER BY seq LIMIT ${stepRows}`,
    )
  const rowsOf = { event: oldest('event'), dead_letter: oldest('dead_letter') }
  const arrivals = db.prepare('DELETE FROM arrival_second WHERE group_id = ? AND second < ?')
  const minutes = db.prepare(
    `DELETE FROM event_minute WHERE group_id = @group AND minute < @minute AND minute <=
     (SELECT min(minute) FROM event_minute WHERE group_id = @group) + ${minutesPerStep}`,
  )
  // Every dead letter of a redrive is older than it. Attempts go after them, for they name records that failed again.
  const redrive = db
    .prepare<[number], number>(`
      SELECT id FROM redrive WHERE requested_ms < ? AND NOT EXISTS
        (SELECT 1 FROM attempt JOIN dead_letter USING (group_id, seq) WHERE redrive_id = redrive.id) LIMIT 1`)
    .pluck()
  const removeRedrive = ['DELETE FROM attempt WHERE redrive_id = ?', 'DELETE FROM redrive WHERE id = ?'].map((sql) =>
    db.prepare(sql),
  )
  const removeRows = rowRemover(db)
  const expireIds = idExpiry(db)
  const removeStale = staleRemover(db)
  const removeStaleState = staleStateRemover(db)

  /** The oldest rows while they are too old; all of a step's where room is needed. Returns how many went. */
  function expireStep(table: RowTable, group: GroupRow, beforeMs: number): number {
    const rows = rowsOf[table].all(group.id, table === 'event' ? group.newestEvent : Number.MAX_SAFE_INTEGER)
    const young = rows.findIndex(({ arrivedMs }) => arrivedMs >= beforeMs)
    const old = young < 0 ? rows : rows.slice(0, young)
    if (old.length > 0) removeRows(table, group.id, old, 'expired')
    return old.length
  }

  const step = inTurn(db, (retention: Retention): Expired => {
    const now = clock()
    const isTooBig = retention.bytesMax !== null && usedBytes(db) > retention.bytesMax
    const eventsBefore = isTooBig ? Number.POSITIVE_INFINITY : now - retention.eventMsMax
    const expired = { events: 0, deadLetters: 0, ids: 0 }
    for (const group of groups.all()) {
      expired.events += expireStep('event', group, eventsBefore)
      expired.deadLetters += expireStep('dead_letter', group, now - retention.deadLetterMsMax)
      arrivals.run(group.id, Math.floor((now - arrivalMsMax) / 1000))
      minutes.run({ group: group.figuresId, minute: Math.floor((now - retention.eventMsMax) / 60_000) })
    }
    const goneRedrive = redrive.get(now - retention.deadLetterMsMax)
    if (goneRedrive !== undefined) for (const statement of removeRedrive) statement.run(goneRedrive)
    removeStale()
    removeStaleState()
    expired.ids = expireIds(now)
    return expired
  })

  return ({ budgetMs, retention }) => {
    const startedMs = performance.now()
    const sum = { events: 0, deadLetters: 0, ids: 0 }
    for (;;) {
      const { events, deadLetters, ids } = step(retention)
      sum.events += events
      sum.deadLetters += deadLetters
      sum.ids += ids
      if (events + deadLetters + ids === 0 || performance.now() - startedMs >= budgetMs) return sum
    }
  }
}

/** Bytes that hold something. What rows leave behind is filled again, so the file stays as big as it was. */
function usedBytes(db: Database): number {
  const read = (name: string) => db.pragma(name, { simple: true }) as number
  return (read('page_count') - read('freelist_count')) * read('page_size')
}
