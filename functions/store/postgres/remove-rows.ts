// Removes rows on purpose, in a way that the account and a running sweep know of.
import { isAhead, type Position, type RowTable } from '../position.ts'
import { numbers } from './columns.ts'
import type { Session, Statement } from './database.ts'

export type RemovalReason = 'expired' | 'erased'

/** What the removal has to know of its group, and locks against everybody else. */
export interface LockedGroup {
  groupId: number
  /** Where a sweep stands; null between two passes. */
  sweep: Position | null
  /** Rows above it are none of the running sweep's. */
  fenceSeq: number
}

const lockGroup: Statement = { name: 'lock-group-id', text: 'SELECT FROM consumer_group WHERE id = $1 FOR UPDATE' }
const lockSweep: Statement = { name: 'lock-sweep', text: 'SELECT position FROM sweep FOR UPDATE' }
const fenceOf: Statement = {
  name: 'fence',
  text: 'SELECT max(fence_seq) AS "fenceSeq" FROM sweep_tally WHERE group_id = $1',
}

/** In the order in which everybody locks: the group, as a batch does, and then the sweep. Held to the transaction's end. */
export async function lockForRemoval(session: Session, groupId: number): Promise<LockedGroup> {
  const [, sweeps, fences] = await Promise.all([
    session.rows(lockGroup, [groupId]),
    session.rows<{ position: string | null }>(lockSweep, []),
    session.rows<{ fenceSeq: number | null }>(fenceOf, [groupId]),
  ])
  const sweep = JSON.parse(sweeps[0]?.position ?? 'null') as Position | null
  return { groupId, sweep, fenceSeq: fences[0]?.fenceSeq ?? 0 }
}

const columns = { event: 'events', dead_letter: 'dead_letters' } as const

/** One set of statements for each table and reason. */
const statements = (table: RowTable) => ({
  remove: {
    name: `remove-${table}`,
    text: `DELETE FROM ${table} WHERE group_id = $1 AND seq = ANY($2::bigint[])
      RETURNING source_id AS "sourceId", epoch, seq, record_offset AS "offset", record_ms AS "timestamp"`,
  },
  found: {
    name: `found-${table}`,
    text: `UPDATE sweep_tally AS tally SET ${columns[table]}_found = ${columns[table]}_found + rows
      FROM unnest($1::integer[], $2::integer[], $3::bigint[]) AS gone (source_id, epoch, rows)
      WHERE tally.source_id = gone.source_id AND tally.epoch = gone.epoch`,
  },
  expired: counted(table, 'expired'),
  erased: counted(table, 'erased'),
})

const counted = (table: RowTable, reason: RemovalReason): Statement => ({
  name: `${reason}-${table}`,
  text: `UPDATE account SET ${reason}_${columns[table]} = ${reason}_${columns[table]} + rows
    FROM unnest($1::integer[], $2::integer[], $3::bigint[]) AS gone (source_id, epoch, rows)
    WHERE account.source_id = gone.source_id AND account.epoch = gone.epoch`,
})

const sql = { event: statements('event'), dead_letter: statements('dead_letter') }

const releaseConflicts: Statement = {
  name: 'release-conflicts',
  text: 'DELETE FROM conflict_id WHERE group_id = $1 AND seq = ANY($2::bigint[])',
}

/** Identities of the removed rows, and of the records of their attempts that failed again. */
const orphans: Statement = {
  name: 'orphan-identities',
  text: `INSERT INTO orphan_identity
    SELECT source_id, record_offset, record_ms, value_hash FROM (
      SELECT * FROM unnest($2::integer[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS gone (source_id, record_offset, record_ms, seq)
      UNION ALL SELECT source_id, record_offset, record_ms, seq FROM attempt
        WHERE group_id = $1 AND seq = ANY($5::bigint[]) AND source_id IS NOT NULL
    ) AS gone JOIN dead_letter_identity AS known USING (source_id, record_offset, record_ms, seq)
    ON CONFLICT DO NOTHING`,
}

/** What stays of attempts is the trail of their redrive, without anybody's data. */
const forgetAttempts: Statement[] = [
  {
    name: 'forget-adopted-attempts',
    text: 'DELETE FROM attempt WHERE group_id = $1 AND seq = ANY($2::bigint[]) AND redrive_id IS NULL',
  },
  {
    name: 'forget-attempts',
    text: 'UPDATE attempt SET value = NULL, reason = NULL WHERE group_id = $1 AND seq = ANY($2::bigint[])',
  },
]

interface RemovedRow {
  offset: number
  timestamp: number
  sourceId: number
  epoch: number
  seq: number
}

/**
 * Removes rows of a group that is locked.
 *
 * A sweep that runs compares what the counters said when it began with the rows it meets. What goes before the sweep has
 * met it counts as found, what goes behind it was found: either way the comparison stays exact.
 */
export async function removeRows(
  session: Session,
  { groupId, sweep, fenceSeq }: LockedGroup,
  { table, seqs, reason }: { table: RowTable; seqs: number[]; reason: RemovalReason },
): Promise<void> {
  if (seqs.length === 0) return
  const rows = await session.rows<RemovedRow>(sql[table].remove, [groupId, numbers(seqs)])
  session.send(sql[table][reason], countsOf(rows))
  const unmet = rows.filter(({ seq }) => sweep && seq <= fenceSeq && isAhead({ groupId, table, seq }, sweep))
  if (unmet.length > 0) session.send(sql[table].found, countsOf(unmet))
  if (table === 'dead_letter') forgetDeadLetters(session, groupId, rows)
}

function forgetDeadLetters(session: Session, groupId: number, rows: RemovedRow[]): void {
  const seqs = numbers(rows.map(({ seq }) => seq))
  const places = [
    numbers(rows.map(({ sourceId }) => sourceId)),
    numbers(rows.map(({ offset }) => offset)),
    numbers(rows.map(({ timestamp }) => timestamp)),
  ]
  session.send(orphans, [groupId, ...places, seqs])
  for (const statement of [releaseConflicts, ...forgetAttempts]) session.send(statement, [groupId, seqs])
}

/** Columns: source_id, epoch, rows. */
function countsOf(rows: RemovedRow[]): [string, string, string] {
  const counts = new Map<string, { sourceId: number; epoch: number; rows: number }>()
  for (const { sourceId, epoch } of rows) {
    const count = counts.get(`${sourceId}/${epoch}`)
    if (count) count.rows++
    else counts.set(`${sourceId}/${epoch}`, { sourceId, epoch, rows: 1 })
  }
  const list = [...counts.values()]
  return [
    numbers(list.map(({ sourceId }) => sourceId)),
    numbers(list.map(({ epoch }) => epoch)),
    numbers(list.map((count) => count.rows)),
  ]
}
