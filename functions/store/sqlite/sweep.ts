// Compares the account with the rows that are kept, page by page, while writing goes on.
import type { Database } from 'better-sqlite3'
import type { Position, RowTable } from '../position.ts'
import { type AccountSums, complaintsOnCounters, complaintsOnRanges, type Sweep } from '../sweep-complaints.ts'
import { inTurn } from './in-turn.ts'

/** Rows per transaction: it holds the write lock for about a millisecond. */
const pageRowsDefault = 2_000

export interface SweeperOptions {
  clock: () => number
  /** Rows per transaction; tests look at few. */
  pageRows?: number | undefined
}

const complaintsMax = 100

/** Where a pass stands. It is kept in the store, so that any process goes on where another stopped. */
interface SweepPosition extends Position {
  /** What the account's own arithmetic showed when the pass began. */
  complaints: string[]
}

export interface Sweeper {
  sweep(options: { budgetMs: number }): void
  last(): Sweep
}

/**
 * Prepares the sweep.
 *
 * A pass begins with a snapshot of the counters and, for each group, the seq of that moment. Rows up to that fence can
 * only become fewer, so at the end both must agree however much was written meanwhile. Rows that go on purpose tell the
 * tally of it: see remove-rows.ts.
 */
export function sweeper(db: Database, { clock, pageRows = pageRowsDefault }: SweeperOptions): Sweeper {
  const state = db.prepare<[], { position: string | null; finishedAt: number | null; complaints: string }>(
    'SELECT position, finished_ms AS finishedAt, complaints FROM sweep',
  )
  const setPosition = db.prepare('UPDATE sweep SET position = ?')
  const finish = db.prepare('UPDATE sweep SET position = NULL, finished_ms = ?, complaints = ?')
  const snapshot = snapshotTaker(db)
  const tallyPage = pageTallier(db, pageRows)
  const nextGroup = db
    .prepare<[number], number | null>('SELECT min(group_id) FROM sweep_tally WHERE group_id > ?')
    .pluck()
  const found = db.prepare<[], AccountSums>(`
    SELECT consumer_group.name AS "group", topic, partition, epoch, tally.stored, tally.dead_letters AS deadLetters,
      events_found AS eventsFound, dead_letters_found AS deadLettersFound
    FROM sweep_tally AS tally JOIN account ON account.id = tally.account_id
    JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    ORDER BY 1, 2, 3, 4`)

  /** One short transaction. Returns whether it ended a pass. */
  function step(): boolean {
    const text = state.get()?.position
    const position = text ? (JSON.parse(text) as SweepPosition) : begin()
    const next = position && advance(position)
    if (next) setPosition.run(JSON.stringify(next))
    else {
      const complaints = [...(position?.complaints ?? []), ...complaintsOnCounters(found.all())]
      finish.run(clock(), JSON.stringify(complaints.slice(0, complaintsMax)))
    }
    return !next
  }

  function begin(): SweepPosition | null {
    const complaints = snapshot()
    const groupId = nextGroup.get(0)
    return groupId ? { groupId, table: 'event', seq: 0, complaints } : null
  }

  /** The position after one more page; null at the end of the pass. */
  function advance(position: SweepPosition): SweepPosition | null {
    const seq = tallyPage(position.table, position.groupId, position.seq)
    if (seq !== null) return { ...position, seq }
    if (position.table === 'event') return { ...position, table: 'dead_letter', seq: 0 }
    const groupId = nextGroup.get(position.groupId)
    return groupId ? { ...position, groupId, table: 'event', seq: 0 } : null
  }

  const transaction = inTurn(db, step)
  return {
    sweep({ budgetMs }) {
      const startedMs = performance.now()
      while (!transaction() && performance.now() - startedMs < budgetMs);
    },
    last() {
      const row = state.get()
      return { finishedAt: row?.finishedAt ?? null, complaints: JSON.parse(row?.complaints ?? '[]') }
    },
  }
}

/** Fills the tally with what the counters say now; returns complaints on the account's own arithmetic. */
function snapshotTaker(db: Database): () => string[] {
  const clear = db.prepare('DELETE FROM sweep_tally')
  const fill = db.prepare(`
    INSERT INTO sweep_tally (account_id, group_id, fence_seq, stored, dead_letters)
    SELECT account.id, group_id, seq, stored - expired_events - erased_events,
      dead_letters - failed_attempts - expired_dead_letters - erased_dead_letters FROM account
    JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id`)
  const arithmetic = db.prepare<[], Parameters<typeof complaintsOnRanges>[0][number]>(`
    SELECT consumer_group.name AS "group", topic, partition, epoch,
      stored + duplicates + noise + dead_letters AS counted,
      (SELECT ifnull(sum(to_offset - from_offset), 0) FROM accounted_range WHERE account_id = account.id) AS accounted
    FROM account JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    WHERE counted <> accounted ORDER BY 1, 2, 3, 4 LIMIT ${complaintsMax}`)
  return () => {
    clear.run()
    fill.run()
    return complaintsOnRanges(arithmetic.all())
  }
}

/** Adds one page of rows to the tally; returns the last row's seq, null when there was none left. */
function pageTallier(db: Database, pageRows: number): (table: RowTable, groupId: number, seq: number) => number | null {
  const fence = db.prepare<[number], number>('SELECT max(fence_seq) FROM sweep_tally WHERE group_id = ?').pluck()
  const page = (table: RowTable) =>
    db.prepare<[number, number, number], { accountId: number; rows: number; seq: number }>(
      `SELECT account_id AS accountId, count(*) AS rows, max(seq) AS seq FROM
       (SELECT account_id, seq FROM ${table} WHERE group_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ${pageRows})
       GROUP BY account_id`,
    )
  const add = (column: string) => db.prepare(`UPDATE sweep_tally SET ${column} = ${column} + ? WHERE account_id = ?`)
  const read = { event: page('event'), dead_letter: page('dead_letter') }
  const tally = { event: add('events_found'), dead_letter: add('dead_letters_found') }
  return (table, groupId, seq) => {
    const counts = read[table].all(groupId, seq, fence.get(groupId) ?? 0)
    for (const { accountId, rows } of counts) tally[table].run(rows, accountId)
    return counts.length === 0 ? null : Math.max(...counts.map((count) => count.seq))
  }
}
