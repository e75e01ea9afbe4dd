// Finds dead letters to work on, one with its trail, and discards those that are given up.
import type { Attempt, AttemptResult, Candidate, DeadLetterCase, DeadLetterGroup, Redrives } from '../redrives.ts'
import { hexBytes, numbers, storableText } from './columns.ts'
import type { Database, Statement } from './database.ts'
import { idKey } from './id-key.ts'
import { pageBytesMax, pageRowsMax } from './read-rows.ts'
import { lockGroup } from './recall.ts'

type Work = Pick<Redrives, 'groups' | 'one' | 'select' | 'compareIds' | 'discard'>

const groupId = '(SELECT id FROM consumer_group WHERE name = $1)'

/** Its record was sent and has not come back. */
const inFlight = `EXISTS (SELECT FROM attempt JOIN redrive ON redrive.id = redrive_id
  WHERE attempt.group_id = letter.group_id AND attempt.seq = letter.seq AND attempt.state IN ('issued', 'sent')
    AND redrive.state <> 'cancelled')`

const columns = `letter.seq, letter.code, letter.reason, topic, partition, letter.record_offset AS "offset", letter.record_ms,
  arrived_ms, key, letter.value, letter.state, attempts, ${inFlight} AS "inFlight"`

const groups: Statement = {
  name: 'dead-letter-groups',
  text: `SELECT counts.code, open, resolved, discarded, seq, reason, arrived_ms AS "arrivedMs" FROM (
      SELECT code, count(*) FILTER (WHERE state = 'open') AS open, count(*) FILTER (WHERE state = 'resolved') AS resolved,
        count(*) FILTER (WHERE state = 'discarded') AS discarded, max(seq) FILTER (WHERE state = 'open') AS newest
      FROM dead_letter WHERE group_id = ${groupId} GROUP BY code
    ) AS counts LEFT JOIN dead_letter ON group_id = ${groupId} AND seq = newest ORDER BY open DESC, counts.code`,
}
const one: Statement = {
  name: 'dead-letter',
  text: `SELECT ${columns}, settled_ms AS "settledMs", settled_by AS "settledBy", settled_why AS "settledWhy"
    FROM dead_letter AS letter JOIN source ON source.id = letter.source_id
    WHERE letter.group_id = ${groupId} AND letter.seq = $2`,
}
const trail: Statement = {
  name: 'dead-letter-trail',
  text: `SELECT number, redrive_id AS "redriveId", requested_by AS "by", issued_ms AS "issuedMs", settled_ms AS "settledMs",
      attempt.state, code, reason
    FROM attempt LEFT JOIN redrive ON redrive.id = redrive_id
    WHERE attempt.group_id = ${groupId} AND seq = $2 AND number IS NOT NULL ORDER BY number`,
}
/** $3 after, $4 limit. octet_length reads the length that is kept beside a large value, not the value. */
const select = (name: string, condition: string): Statement => ({
  name,
  text: `SELECT ${columns} FROM (
      SELECT *, sum(bytes) OVER (ORDER BY seq) - bytes AS bytes_before FROM (
        SELECT *, coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0) AS bytes FROM dead_letter
        WHERE group_id = ${groupId} AND seq > $3 AND ${condition} ORDER BY seq LIMIT $4
      ) AS asked
    ) AS letter JOIN source ON source.id = letter.source_id WHERE bytes_before < ${pageBytesMax} ORDER BY letter.seq`,
})
const bySeqs = select('select-by-seqs', 'seq = ANY($2::bigint[])')
const byCode = select('select-by-code', "state = 'open' AND code = $2")

const knownIds: Statement = {
  name: 'compare-ids',
  text: `SELECT ordinality AS place, content_hash AS "contentHash"
    FROM unnest($2::bytea[]) WITH ORDINALITY AS asked (id, ordinality)
    JOIN event_identity AS known ON known.group_id = ${groupId} AND known.id = asked.id`,
}
const discard: Statement = {
  name: 'discard',
  text: `UPDATE dead_letter AS letter SET state = 'discarded', settled_ms = $3, settled_by = $4, settled_why = $5
    WHERE group_id = ${groupId} AND seq = ANY($2::bigint[]) AND state = 'open' AND NOT ${inFlight} RETURNING seq`,
}

type GroupRow = Omit<DeadLetterGroup, 'newest'> & { seq: number | null; reason: string; arrivedMs: number }
type TrailRow = Omit<Attempt, 'result'> & { state: string }

export function deadLetterWork(database: Database, { clock }: { clock: () => number }): Work {
  return {
    async groups({ group }) {
      const rows = await database.rows<GroupRow>(groups, [group])
      return rows.map(({ seq, reason, arrivedMs, ...counts }) => {
        return { ...counts, newest: seq === null ? null : { seq, reason, arrivedMs } }
      })
    },
    async one({ group, seq }) {
      const [letter] = await database.rows<Omit<DeadLetterCase, 'trail'>>(one, [group, seq])
      if (!letter) return null
      const attempts = await database.rows<TrailRow>(trail, [group, seq])
      return { ...letter, trail: attempts.map(toAttempt) }
    },
    select({ group, selection, after, limit }) {
      const what = 'seqs' in selection ? numbers(selection.seqs) : selection.code
      const values = [group, what, after, Math.min(limit, pageRowsMax)]
      return database.rows<Candidate>('seqs' in selection ? bySeqs : byCode, values)
    },
    async compareIds({ group, ids }) {
      const keys = hexBytes(ids.map(({ eventId }) => idKey(eventId)))
      const known = await database.rows<{ place: number; contentHash: Uint8Array }>(knownIds, [group, keys])
      const hashes = new Map(known.map(({ place, contentHash }) => [place - 1, contentHash]))
      return ids.map(({ contentHash }, index) => {
        const hash = hashes.get(index)
        if (!hash) return 'new'
        return Buffer.compare(hash, contentHash) === 0 ? 'same' : 'other'
      })
    },
    discard: ({ group, seqs, by, reason }) =>
      database.transaction(async (session) => {
        // A batch of the group locks rows of dead letters in an order of its own.
        await session.rows(lockGroup, [group])
        const values = [group, numbers(seqs), clock(), storableText(by), storableText(reason)]
        return (await session.rows(discard, values)).length
      }),
  }
}

function toAttempt({ state, ...attempt }: TrailRow): Attempt {
  return { ...attempt, result: attempt.settledMs === null ? null : (state as AttemptResult) }
}
