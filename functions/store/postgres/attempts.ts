// Attempts at dead letters while a batch is written: which ones its records were sent as, and what became of them.
import type { SentAttempt, Settlement } from '../settle.ts'
import type { Outcome, SourceRecord } from '../store.ts'
import { numbers, texts } from './columns.ts'
import type { Session, Statement } from './database.ts'

/** By the token of their records. */
export type SentAttempts = Map<string, SentAttempt>

const own: Statement = {
  name: 'attempts-own',
  text: `SELECT token, attempt.id, seq, attempt.state IN ('stored', 'duplicate', 'noise', 'failed') AS "isSettled"
    FROM attempt JOIN dead_letter USING (group_id, seq) WHERE group_id = $1 AND token = ANY($2::text[])`,
}

/** A group resolves its own: another one's attempt names the record, by which this group knows its dead letter. */
const elsewhere: Statement = {
  name: 'attempts-elsewhere',
  text: `SELECT DISTINCT ON (token) token, mine.seq FROM attempt
    JOIN dead_letter AS theirs ON theirs.group_id = attempt.group_id AND theirs.seq = attempt.seq
    JOIN source AS place ON place.id = theirs.source_id
    JOIN dead_letter_identity AS known ON known.source_id = place.id
      AND known.record_offset = theirs.record_offset AND known.record_ms = theirs.record_ms AND known.seq = theirs.seq
    JOIN source AS own ON own.group_id = $1 AND own.topic = place.topic AND own.partition = place.partition
    JOIN dead_letter_identity AS mine ON mine.source_id = own.id AND mine.record_offset = known.record_offset
      AND mine.record_ms = known.record_ms AND mine.value_hash = known.value_hash
    JOIN dead_letter ON dead_letter.group_id = $1 AND dead_letter.seq = mine.seq
    WHERE token = ANY($2::text[]) AND redrive_id IS NOT NULL`,
}

/** Asks for all attempts of a batch in one round trip; in none where no record has a token, which is nearly always. */
export async function recallAttempts(session: Session, outcomes: Outcome[], groupId: number): Promise<SentAttempts> {
  const tokens = [...new Set(outcomes.flatMap(({ record }) => record.token ?? []))]
  const found: SentAttempts = new Map()
  if (tokens.length === 0) return found
  const values = [groupId, texts(tokens)]
  const [mine, theirs] = await Promise.all([
    session.rows<{ token: string; id: number; seq: number; isSettled: boolean }>(own, values),
    session.rows<{ token: string; seq: number }>(elsewhere, values),
  ])
  for (const { token, seq } of theirs) found.set(token, { id: null, seq, isSettled: false })
  for (const { token, ...attempt } of mine) found.set(token, attempt)
  return found
}

export interface SettledAttempt {
  token: string
  sourceId: number
  epoch: number
  record: SourceRecord
  attempt: NonNullable<Settlement['attempt']>
  rejection: Settlement['rejection']
}

/** Another group's attempt becomes one of this group's when its record comes. */
const adopt: Statement = {
  name: 'attempts-adopt',
  text: `WITH met AS (SELECT * FROM unnest($3::bigint[], $4::text[]) AS met (seq, token)), counted AS (
      UPDATE dead_letter SET attempts = attempts + 1 FROM met WHERE group_id = $1 AND dead_letter.seq = met.seq
      RETURNING dead_letter.seq, attempts
    ) INSERT INTO attempt (group_id, seq, token, state, issued_ms, number)
    SELECT $1, seq, token, 'sent', $2, attempts FROM met JOIN counted USING (seq)`,
}
const finish: Statement = {
  name: 'attempts-finish',
  text: `UPDATE attempt SET state = met.state, value = NULL, settled_ms = $2, code = met.code, reason = met.reason,
      source_id = met.source_id, record_offset = met.record_offset, record_ms = met.record_ms
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::bigint[], $9::bigint[])
      AS met (token, state, code, reason, source_id, record_offset, record_ms)
    WHERE attempt.group_id = $1 AND attempt.token = met.token`,
}
const resolve: Statement = {
  name: 'attempts-resolve',
  text: `UPDATE dead_letter SET state = 'resolved', settled_ms = $2, settled_why = NULL,
      settled_by = coalesce(requested_by, 'another group')
    FROM attempt LEFT JOIN redrive ON redrive.id = redrive_id
    WHERE attempt.group_id = $1 AND attempt.token = ANY($3::text[])
      AND dead_letter.group_id = $1 AND dead_letter.seq = attempt.seq AND dead_letter.state <> 'resolved'`,
}
const countFailures: Statement = {
  name: 'attempts-failures',
  text: `UPDATE account SET failed_attempts = failed_attempts + failures
    FROM (SELECT source_id, epoch, count(*) AS failures FROM unnest($1::integer[], $2::integer[]) AS failed (source_id, epoch)
      GROUP BY source_id, epoch) AS failed
    WHERE account.source_id = failed.source_id AND account.epoch = failed.epoch`,
}

/** Keeps what became of attempts; success resolves their dead letters. To be sent after the account was written. */
export function writeAttempts(session: Session, groupId: number, nowMs: number, settled: SettledAttempt[]): void {
  if (settled.length === 0) return
  const adopted = settled.filter(({ attempt }) => attempt.sent.id === null)
  if (adopted.length > 0) {
    const columns = [numbers(adopted.map(({ attempt }) => attempt.sent.seq)), texts(adopted.map(({ token }) => token))]
    session.send(adopt, [groupId, nowMs, ...columns])
  }
  const place = (of: (one: SettledAttempt) => number) => numbers(settled.map((one) => (one.rejection ? of(one) : null)))
  session.send(finish, [
    groupId,
    nowMs,
    texts(settled.map(({ token }) => token)),
    texts(settled.map(({ attempt }) => attempt.result)),
    texts(settled.map(({ rejection }) => rejection?.code ?? null)),
    texts(settled.map(({ rejection }) => rejection?.reason ?? null)),
    place(({ sourceId }) => sourceId),
    place(({ record }) => record.offset),
    place(({ record }) => record.timestamp),
  ])
  const failed = settled.filter(({ rejection }) => rejection)
  if (failed.length < settled.length) {
    const resolved = settled.filter(({ rejection }) => !rejection)
    session.send(resolve, [groupId, nowMs, texts(resolved.map(({ token }) => token))])
  }
  if (failed.length > 0) {
    session.send(countFailures, [numbers(failed.map((one) => one.sourceId)), numbers(failed.map((one) => one.epoch))])
  }
}
