// Finds dead letters to work on, one with its trail, and discards those that are given up.
import type { Database } from 'better-sqlite3'
import type { RejectionCode } from '../../events/rejection.ts'
import type {
  Attempt,
  AttemptResult,
  Candidate,
  DeadLetterCase,
  DeadLetterGroup,
  Redrives,
  Selection,
} from '../redrives.ts'
import type { EventIds } from './ids.ts'
import { inTurn } from './in-turn.ts'
import { type Cell, deadLetterColumns, pageBytesMax, pageRowsMax, toDeadLetter } from './read-rows.ts'

type Work = Pick<Redrives, 'groups' | 'one' | 'select' | 'compareIds' | 'discard'>
/** The same, answered within the call. */
export type DeadLetterWork = {
  [Name in keyof Work]: (...args: Parameters<Work[Name]>) => Awaited<ReturnType<Work[Name]>>
}

/** Its record was sent and has not come back. */
export const inFlight = `EXISTS (SELECT 1 FROM attempt JOIN redrive ON redrive.id = redrive_id
  WHERE attempt.group_id = row.group_id AND attempt.seq = row.seq AND attempt.state IN ('issued', 'sent')
    AND redrive.state <> 'cancelled')`

const joined = `dead_letter AS row JOIN account ON account.id = row.account_id JOIN source ON source.id = account.source_id`

export function deadLetterWork(db: Database, { clock, ids }: { clock: () => number; ids: EventIds }): DeadLetterWork {
  const groupOf = db.prepare<[string], number>('SELECT id FROM consumer_group WHERE name = ?').pluck()
  const compareIds = db.transaction(({ group, ids: asked }: Parameters<Work['compareIds']>[0]) => {
    const groupId = groupOf.get(group)
    ids.begin()
    return asked.map(({ eventId, contentHash }) =>
      groupId === undefined ? 'new' : ids.compare(groupId, eventId, contentHash),
    )
  })
  const discard = db.prepare(`
    UPDATE dead_letter AS row SET state = 'discarded', settled_ms = @nowMs, settled_by = @by, settled_why = @reason
    WHERE group_id = @groupId AND seq = @seq AND state = 'open' AND NOT ${inFlight}`)
  const discardAll = inTurn(db, ({ group, seqs, by, reason }: Parameters<Work['discard']>[0]) => {
    const groupId = groupOf.get(group)
    if (groupId === undefined) return 0
    const nowMs = clock()
    return seqs.reduce((sum, seq) => sum + discard.run({ groupId, seq, by, reason, nowMs }).changes, 0)
  })
  const groupsOf = groupReader(db)
  const oneOf = caseReader(db)
  const select = selector(db)
  return {
    groups: ({ group }) => groupsOf(groupOf.get(group) ?? 0),
    one: ({ group, seq }) => oneOf(groupOf.get(group) ?? 0, seq),
    select: ({ group, ...query }) => select({ groupId: groupOf.get(group) ?? 0, ...query }),
    compareIds: (query) => compareIds(query),
    discard: (query) => discardAll(query),
  }
}

/** Counts are read from the index by state, which holds no values. */
function groupReader(db: Database): (groupId: number) => DeadLetterGroup[] {
  type Counts = Omit<DeadLetterGroup, 'newest'> & { newestSeq: number | null }
  const counts = db.prepare<[number], Counts>(`
    SELECT code, sum(state = 'open') AS open, sum(state = 'resolved') AS resolved,
      sum(state = 'discarded') AS discarded, max(CASE state WHEN 'open' THEN seq END) AS newestSeq
    FROM dead_letter INDEXED BY dead_letter_by_state WHERE group_id = ?
    GROUP BY code ORDER BY open DESC, code`)
  const newest = db.prepare<[number, number], NonNullable<DeadLetterGroup['newest']>>(
    'SELECT seq, reason, arrived_ms AS arrivedMs FROM dead_letter WHERE group_id = ? AND seq = ?',
  )
  return db.transaction((groupId: number) =>
    counts.all(groupId).map(({ newestSeq, ...group }) => ({
      ...group,
      newest: newestSeq === null ? null : (newest.get(groupId, newestSeq) ?? null),
    })),
  )
}

function caseReader(db: Database): (groupId: number, seq: number) => DeadLetterCase | null {
  const one = db
    .prepare<[number, number], Cell[]>(
      `SELECT ${deadLetterColumns}, ${inFlight}, settled_ms, settled_by, settled_why FROM ${joined}
       WHERE row.group_id = ? AND seq = ?`,
    )
    .raw()
  type Row = Omit<Attempt, 'result'> & { state: string }
  const trail = db.prepare<[number, number], Row>(`
    SELECT number, redrive_id AS redriveId, requested_by AS "by", issued_ms AS issuedMs, settled_ms AS settledMs,
      attempt.state, code, reason
    FROM attempt LEFT JOIN redrive ON redrive.id = redrive_id
    WHERE attempt.group_id = ? AND seq = ? AND number IS NOT NULL ORDER BY number`)
  return db.transaction((groupId: number, seq: number) => {
    const cells = one.get(groupId, seq)
    if (!cells) return null
    const [settledMs, settledBy, settledWhy] = cells.slice(-3)
    return {
      ...toCandidate(cells),
      settledMs: settledMs as number | null,
      settledBy: settledBy as string | null,
      settledWhy: settledWhy as string | null,
      trail: trail.all(groupId, seq).map(({ state, ...attempt }) => ({
        ...attempt,
        result: attempt.settledMs === null ? null : (state as AttemptResult),
      })),
    }
  })
}

function selector(
  db: Database,
): (query: { groupId: number; selection: Selection; after: number; limit: number }) => Candidate[] {
  const columns = `SELECT ${deadLetterColumns}, ${inFlight} FROM ${joined} WHERE row.group_id = @groupId AND seq > @after`
  const read = (condition: string) =>
    db.prepare<[Record<string, unknown>], Cell[]>(`${columns} AND ${condition} ORDER BY seq LIMIT @limit`).raw()
  const bySeqs = read('seq IN (SELECT value FROM json_each(@seqs))')
  const byCode = read("row.state = 'open' AND code = @code")
  return ({ groupId, selection, after, limit }) => {
    const shared = { groupId, after, limit: Math.min(limit, pageRowsMax) }
    const cells =
      'seqs' in selection
        ? bySeqs.iterate({ ...shared, seqs: JSON.stringify(selection.seqs) })
        : byCode.iterate({ ...shared, code: selection.code as RejectionCode })
    const rows: Candidate[] = []
    let bytes = 0
    for (const one of cells) {
      const row = toCandidate(one)
      rows.push(row)
      bytes += (row.key?.length ?? 0) + (row.value?.length ?? 0)
      if (bytes >= pageBytesMax) break
    }
    return rows
  }
}

function toCandidate(cells: Cell[]): Candidate {
  return { ...toDeadLetter(cells), inFlight: cells[12] === 1 }
}
