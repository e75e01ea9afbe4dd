// Attempts at dead letters while a batch is written: which one a record was sent as, and what became of it.
import type { Database } from 'better-sqlite3'
import type { SentAttempt, Settlement } from '../settle.ts'
import type { SourceRecord } from '../store.ts'

export interface Attempts {
  /** The attempt with this token, where this group has its dead letter. */
  find(groupId: number, token: string): SentAttempt | null
  /** Keeps what became of it; success resolves the dead letter. */
  settle(settled: SettledAttempt): void
}

export interface SettledAttempt {
  groupId: number
  accountId: number
  sourceId: number
  record: SourceRecord
  nowMs: number
  attempt: NonNullable<Settlement['attempt']>
  rejection: Settlement['rejection']
}

const results = "('stored', 'duplicate', 'noise', 'failed')"

/** Prepares the asking and settling, inside the transaction that writes the batch. */
export function attemptKeeper(db: Database): Attempts {
  const own = db.prepare<[string, number], { id: number; seq: number; isSettled: number }>(`
    SELECT id, seq, attempt.state IN ${results} AS isSettled FROM attempt
    WHERE token = ? AND group_id = ? AND EXISTS
      (SELECT 1 FROM dead_letter WHERE dead_letter.group_id = attempt.group_id AND dead_letter.seq = attempt.seq)`)
  // A group resolves its own: another one's attempt names the record, by which this group knows its dead letter.
  const elsewhere = db
    .prepare<[number, number, string], number>(`
    SELECT mine.seq FROM attempt
    JOIN dead_letter AS theirs ON theirs.group_id = attempt.group_id AND theirs.seq = attempt.seq
    JOIN account ON account.id = theirs.account_id JOIN source AS place ON place.id = account.source_id
    JOIN dead_letter_identity AS known ON known.source_id = place.id
      AND known.record_offset = theirs.record_offset AND known.record_ms = theirs.record_ms AND known.seq = theirs.seq
    JOIN source AS own ON own.group_id = ? AND own.topic = place.topic AND own.partition = place.partition
    JOIN dead_letter_identity AS mine ON mine.source_id = own.id AND mine.record_offset = known.record_offset
      AND mine.record_ms = known.record_ms AND mine.value_hash = known.value_hash
    JOIN dead_letter ON dead_letter.group_id = ? AND dead_letter.seq = mine.seq
    WHERE token = ? AND redrive_id IS NOT NULL LIMIT 1`)
    .pluck()
  const add = db.prepare(`
    INSERT INTO attempt (group_id, seq, token, state, issued_ms, number)
    SELECT group_id, seq, @token, 'sent', @nowMs, attempts + 1 FROM dead_letter WHERE group_id = @groupId AND seq = @seq`)
  const countAttempt = db.prepare('UPDATE dead_letter SET attempts = attempts + 1 WHERE group_id = ? AND seq = ?')
  const finish = db.prepare(`
    UPDATE attempt SET state = ?, value = NULL, settled_ms = ?, code = ?, reason = ?,
      source_id = ?, record_offset = ?, record_ms = ? WHERE id = ?`)
  const resolve = db.prepare(`
    UPDATE dead_letter SET state = 'resolved', settled_ms = @nowMs, settled_why = NULL, settled_by = ifnull(
      (SELECT requested_by FROM attempt JOIN redrive ON redrive.id = redrive_id WHERE attempt.id = @id), 'another group')
    WHERE group_id = @groupId AND seq = @seq AND state <> 'resolved'`)
  const countFailure = db.prepare('UPDATE account SET failed_attempts = failed_attempts + 1 WHERE id = ?')

  /** Another group's attempt becomes one of this group's when its record comes. */
  function adopt({ groupId, record, nowMs, attempt }: SettledAttempt): number {
    const { seq } = attempt.sent
    const { lastInsertRowid } = add.run({ groupId, seq, token: record.token, nowMs })
    countAttempt.run(groupId, seq)
    return Number(lastInsertRowid)
  }

  return {
    find(groupId, token) {
      const found = own.get(token, groupId)
      if (found) return { ...found, isSettled: found.isSettled === 1 }
      const seq = elsewhere.get(groupId, groupId, token)
      return seq === undefined ? null : { id: null, seq, isSettled: false }
    },
    settle(settled) {
      const { groupId, accountId, sourceId, record, nowMs, attempt, rejection } = settled
      const { sent, result } = attempt
      const id = sent.id ?? adopt(settled)
      const place = rejection ? [sourceId, record.offset, record.timestamp] : [null, null, null]
      finish.run(result, nowMs, rejection?.code ?? null, rejection?.reason ?? null, ...place, id)
      if (rejection) countFailure.run(accountId)
      else resolve.run({ groupId, seq: sent.seq, nowMs, id })
    },
  }
}
