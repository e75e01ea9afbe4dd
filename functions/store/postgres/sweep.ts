// Compares the account with the rows that are kept, page by page, while writing goes on.
import type { Position, RowTable } from '../position.ts'
import { type AccountSums, complaintsOnCounters, complaintsOnRanges, type Sweep } from '../sweep-complaints.ts'
import { notifyCommit } from './commit-watch.ts'
import type { Database, Session, Statement } from './database.ts'

/** Rows per transaction, which locks nothing that a writer needs. */
const pageRowsDefault = 2_000

export interface SweeperOptions {
  clock: () => number
  channel: string
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
  sweep(options: { budgetMs: number }): Promise<void>
  last(): Promise<Sweep>
}

/** Whoever finds the row locked leaves the page to the process that has it. */
const take: Statement = { name: 'sweep-take', text: 'SELECT position FROM sweep FOR UPDATE SKIP LOCKED' }
const setPosition: Statement = { name: 'sweep-position', text: 'UPDATE sweep SET position = $1' }
const finish: Statement = {
  name: 'sweep-finish',
  text: 'UPDATE sweep SET position = NULL, finished_ms = $1, complaints = $2',
}
const state: Statement = {
  name: 'sweep-state',
  text: 'SELECT finished_ms AS "finishedAt", complaints FROM sweep',
}

const clear: Statement = { name: 'sweep-clear', text: 'DELETE FROM sweep_tally' }
/** Counters and the group's number in one statement: of one moment. */
const fill: Statement = {
  name: 'sweep-fill',
  text: `INSERT INTO sweep_tally (source_id, epoch, group_id, fence_seq, stored, dead_letters)
    SELECT source_id, epoch, group_id, seq, stored - expired_events - erased_events,
      dead_letters - failed_attempts - expired_dead_letters - erased_dead_letters FROM account
    JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id`,
}
const arithmetic: Statement = {
  name: 'sweep-arithmetic',
  text: `SELECT consumer_group.name AS "group", topic, partition, account.epoch, counted, accounted
    FROM account JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    CROSS JOIN LATERAL (SELECT stored + duplicates + noise + dead_letters AS counted) AS counters
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(to_offset - from_offset), 0)::bigint AS accounted FROM accounted_range AS range
      WHERE range.source_id = account.source_id AND range.epoch = account.epoch
    ) AS ranges
    WHERE counted <> accounted ORDER BY 1, 2, 3, 4 LIMIT ${complaintsMax}`,
}
const nextGroup: Statement = {
  name: 'sweep-next-group',
  text: 'SELECT min(group_id) AS "groupId" FROM sweep_tally WHERE group_id > $1',
}
const found: Statement = {
  name: 'sweep-found',
  text: `SELECT consumer_group.name AS "group", topic, partition, epoch, stored, dead_letters AS "deadLetters",
      events_found AS "eventsFound", dead_letters_found AS "deadLettersFound"
    FROM sweep_tally AS tally JOIN source ON source.id = tally.source_id
    JOIN consumer_group ON consumer_group.id = source.group_id ORDER BY 1, 2, 3, 4`,
}

/** Adds one page of rows to the tally; answers the last row's seq, null when there was none left. */
const tallyOf = (table: RowTable, column: string): Statement => ({
  name: `sweep-${table}`,
  text: `WITH page AS (
      SELECT source_id, epoch, seq FROM ${table} WHERE group_id = $1 AND seq > $2
        AND seq <= (SELECT max(fence_seq) FROM sweep_tally WHERE group_id = $1) ORDER BY seq LIMIT $3
    ), added AS (
      UPDATE sweep_tally AS tally SET ${column} = ${column} + rows
      FROM (SELECT source_id, epoch, count(*) AS rows FROM page GROUP BY source_id, epoch) AS counts
      WHERE tally.source_id = counts.source_id AND tally.epoch = counts.epoch
    ) SELECT max(seq) AS seq FROM page`,
})
const tally = { event: tallyOf('event', 'events_found'), dead_letter: tallyOf('dead_letter', 'dead_letters_found') }

/**
 * Prepares the sweep.
 *
 * A pass begins with a snapshot of the counters and, for each group, the seq of that moment. Rows up to that fence can
 * only become fewer, so at the end both must agree however much was written meanwhile. Rows that go on purpose tell the
 * tally of it: see remove-rows.ts.
 */
export function sweeper(database: Database, { clock, channel, pageRows = pageRowsDefault }: SweeperOptions): Sweeper {
  /** One short transaction. Answers whether there is no more to do for now. */
  async function step(session: Session): Promise<boolean> {
    const [row] = await session.rows<{ position: string | null }>(take, [])
    if (!row) return true
    const position = row.position ? (JSON.parse(row.position) as SweepPosition) : await begin(session)
    const next = position && (await advance(session, position, pageRows))
    if (next) session.send(setPosition, [JSON.stringify(next)])
    else {
      const sums = await session.rows<AccountSums>(found, [])
      const complaints = [...(position?.complaints ?? []), ...complaintsOnCounters(sums)]
      session.send(finish, [clock(), JSON.stringify(complaints.slice(0, complaintsMax))])
      notifyCommit(session, channel)
    }
    return !next
  }

  return {
    async sweep({ budgetMs }) {
      const startedMs = performance.now()
      while (!(await database.transaction(step)) && performance.now() - startedMs < budgetMs);
    },
    async last() {
      const [row] = await database.rows<{ finishedAt: number | null; complaints: string }>(state)
      return { finishedAt: row?.finishedAt ?? null, complaints: JSON.parse(row?.complaints ?? '[]') }
    },
  }
}

/** Fills the tally with what the counters say now. Null when there is nothing to compare. */
async function begin(session: Session): Promise<SweepPosition | null> {
  session.send(clear, [])
  session.send(fill, [])
  const [sums, groupId] = await Promise.all([
    session.rows<Parameters<typeof complaintsOnRanges>[0][number]>(arithmetic, []),
    groupAfter(session, 0),
  ])
  return groupId === null ? null : { groupId, table: 'event', seq: 0, complaints: complaintsOnRanges(sums) }
}

/** The position after one more page; null at the end of the pass. */
async function advance(session: Session, position: SweepPosition, pageRows: number): Promise<SweepPosition | null> {
  const [page] = await session.rows<{ seq: number | null }>(tally[position.table], [
    position.groupId,
    position.seq,
    pageRows,
  ])
  if (page?.seq) return { ...position, seq: page.seq }
  if (position.table === 'event') return { ...position, table: 'dead_letter', seq: 0 }
  const groupId = await groupAfter(session, position.groupId)
  return groupId === null ? null : { ...position, groupId, table: 'event', seq: 0 }
}

async function groupAfter(session: Session, groupId: number): Promise<number | null> {
  const [row] = await session.rows<{ groupId: number | null }>(nextGroup, [groupId])
  return row?.groupId ?? null
}
