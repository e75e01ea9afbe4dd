// Removes rows on purpose, in a way that the account and a running sweep know of.
import type { Database } from 'better-sqlite3'
import { isAhead, type Position, type RowTable } from '../position.ts'

export interface RemovableRow {
  seq: number
  accountId: number
}

export type RemovalReason = 'expired' | 'erased'

export type RemoveRows = (table: RowTable, groupId: number, rows: RemovableRow[], reason: RemovalReason) => void

/**
 * Prepares the removal of rows, inside the caller's transaction.
 *
 * A sweep that runs compares what the counters said when it began with the rows it meets. What goes before the sweep has
 * met it counts as found, what goes behind it was found: either way the comparison stays exact.
 */
export function rowRemover(db: Database): RemoveRows {
  const tables = { event: 'events', dead_letter: 'dead_letters' } as const
  const prepare = <Value>(make: (table: RowTable) => Value) => ({
    event: make('event'),
    dead_letter: make('dead_letter'),
  })
  const remove = prepare((table) => db.prepare(`DELETE FROM ${table} WHERE group_id = ? AND seq = ?`))
  const found = prepare((table) =>
    db.prepare(
      `UPDATE sweep_tally SET ${tables[table]}_found = ${tables[table]}_found + 1 WHERE account_id = ? AND fence_seq >= ?`,
    ),
  )
  const count = prepare((table) => {
    const add = (reason: RemovalReason) =>
      db.prepare(`UPDATE account SET ${reason}_${tables[table]} = ${reason}_${tables[table]} + ? WHERE id = ?`)
    return { expired: add('expired'), erased: add('erased') }
  })
  const releaseConflict = db.prepare('DELETE FROM conflict_id WHERE group_id = ? AND seq = ?')
  const orphan = db.prepare(`
    INSERT INTO orphan_identity SELECT known.source_id, known.record_offset, record_ms, value_hash
    FROM dead_letter AS row JOIN account ON account.id = row.account_id
    JOIN dead_letter_identity AS known USING (record_offset, record_ms)
    WHERE row.group_id = ? AND row.seq = ? AND known.source_id = account.source_id AND known.seq = row.seq
    ON CONFLICT DO NOTHING`)
  // The records of attempts that failed again are known by their dead letter's number.
  const orphanAttempts = db.prepare(`
    INSERT INTO orphan_identity
    SELECT known.source_id, known.record_offset, known.record_ms, value_hash FROM attempt
    JOIN dead_letter_identity AS known USING (source_id, record_offset, record_ms)
    WHERE attempt.group_id = ? AND attempt.seq = ? AND known.seq = attempt.seq
    ON CONFLICT DO NOTHING`)
  // What stays of attempts is the trail of their redrive, without anybody's data.
  const forgetAttempts = [
    db.prepare('DELETE FROM attempt WHERE group_id = ? AND seq = ? AND redrive_id IS NULL'),
    db.prepare('UPDATE attempt SET value = NULL, reason = NULL WHERE group_id = ? AND seq = ?'),
  ]
  const sweepPosition = db.prepare<[], string | null>('SELECT position FROM sweep').pluck()

  return function removeRows(table, groupId, rows, reason) {
    const sweep = JSON.parse(sweepPosition.get() ?? 'null') as Position | null
    const removed = new Map<number, number>()
    for (const { seq, accountId } of rows) {
      if (table === 'dead_letter') {
        for (const statement of [orphan, orphanAttempts, releaseConflict, ...forgetAttempts])
          statement.run(groupId, seq)
      }
      remove[table].run(groupId, seq)
      removed.set(accountId, (removed.get(accountId) ?? 0) + 1)
      if (sweep && isAhead({ groupId, table, seq }, sweep)) found[table].run(accountId, seq)
    }
    for (const [accountId, rows] of removed) count[table][reason].run(rows, accountId)
  }
}
