// Redrives as rows: begun, advanced step by step by whoever holds them, cancelled, and read with their progress.
import type { Database } from 'better-sqlite3'
import { PipelineError } from '../../errors.ts'
import { attemptsMax, type IssuedAttempt, type Redrive, type Redrives } from '../redrives.ts'
import { groupOf, groupStatements } from './groups.ts'
import { inTurn } from './in-turn.ts'

type Advancing = Omit<Redrives, 'groups' | 'one' | 'select' | 'compareIds' | 'discard'>
/** The same, answered within the call. */
export type RedriveRows = {
  [Name in keyof Advancing]: (...args: Parameters<Advancing[Name]>) => Awaited<ReturnType<Advancing[Name]>>
}

export function redriveRows(db: Database, { clock }: { clock: () => number }): RedriveRows {
  const groups = groupStatements(db)
  const running = db
    .prepare<[number], number>("SELECT id FROM redrive WHERE group_id = ? AND state = 'running'")
    .pluck()
  const add = db.prepare(`
    INSERT INTO redrive (group_id, requested_by, requested_ms, selection, per_second, state)
    VALUES (@groupId, @by, @nowMs, @selection, @perSecond, 'running')`)
  const addAttempt = db.prepare(
    "INSERT INTO attempt (group_id, seq, redrive_id, state, value) VALUES (?, ?, ?, 'waiting', ?)",
  )
  const views = redriveViews(db)
  const cancelRow = db.prepare(`
    UPDATE redrive SET state = 'cancelled', cancelled_by = @by, finished_ms = ifnull(finished_ms, @nowMs), trouble = NULL
    WHERE id = @id AND group_id = @groupId AND state IN ('running', 'sent')`)
  const cancelWaiting = db.prepare(
    "UPDATE attempt SET state = 'cancelled', value = NULL WHERE redrive_id = ? AND state = 'waiting'",
  )
  const take = db.prepare<[Record<string, unknown>], { id: number; perSecond: number }>(`
    UPDATE redrive SET holder = @holder, held_until_ms = @untilMs WHERE id =
      (SELECT id FROM redrive WHERE state = 'running' AND (holder IS @holder OR held_until_ms <= @nowMs) ORDER BY holder IS @holder DESC, id LIMIT 1)
    RETURNING id, per_second AS perSecond`)
  const release = db.prepare(
    'UPDATE redrive SET held_until_ms = 0, holder = NULL, trouble = ? WHERE id = ? AND holder = ?',
  )

  const begin = inTurn(db, ({ group, by, selection, perSecond, items }: Parameters<Advancing['begin']>[0]) => {
    const groupId = groupOf(groups, group).id
    const other = running.get(groupId)
    if (other !== undefined) throw new PipelineError('REDRIVE_RUNNING', `redrive ${other} is still being sent`)
    const id = Number(add.run({ groupId, by, selection, perSecond, nowMs: clock() }).lastInsertRowid)
    for (const { seq, value } of items) addAttempt.run(groupId, seq, id, value)
    return views.find(group, id) as Redrive
  })
  const cancel = inTurn(db, ({ group, id, by }: Parameters<Advancing['cancel']>[0]) => {
    const groupId = groups.byName.get(group)?.id
    if (groupId === undefined) return null
    if (cancelRow.run({ groupId, id, by, nowMs: clock() }).changes > 0) cancelWaiting.run(id)
    return views.find(group, id)
  })
  const issue = issuer(db, clock)
  const acknowledge = acknowledger(db, clock)

  return {
    begin: (redrive) => begin(redrive),
    find: ({ group, id }) => views.find(group, id),
    list: ({ group, limit }) => views.list(group, limit),
    cancel: (query) => cancel(query),
    take: ({ holder, untilMs }) => take.get({ holder, untilMs, nowMs: clock() }) ?? null,
    issue: (query) => issue(query),
    acknowledge: (query) => acknowledge(query),
    release: ({ id, holder, trouble }) => void release.run(trouble, id, holder),
  }
}

/** Attempts give their counts: there are at most some thousands of them, found by an index that holds their states. */
function redriveViews(db: Database) {
  const count = (state: string, name = state) => `sum(attempt.state = '${state}') AS ${name}`
  const view = `
    SELECT redrive.id, requested_by AS "by", requested_ms AS requestedMs,
      CASE WHEN redrive.state = 'sent' AND sum(attempt.state IN ('issued', 'sent')) = 0 THEN 'finished'
        ELSE redrive.state END AS state,
      selection, per_second AS perSecond, count(*) AS records, ${count('waiting')},
      sum(attempt.state IN ('issued', 'sent')) AS inFlight, ${count('stored')}, ${count('duplicate')}, ${count('noise')},
      ${count('failed')}, ${count('gone')}, ${count('cancelled')},
      finished_ms AS finishedMs, cancelled_by AS cancelledBy, trouble
    FROM redrive JOIN attempt ON redrive_id = redrive.id
    WHERE redrive.group_id = (SELECT id FROM consumer_group WHERE name = ?)`
  const one = db.prepare<[string, number], Redrive>(`${view} AND redrive.id = ? GROUP BY redrive.id`)
  const ids = `SELECT id FROM redrive WHERE group_id = (SELECT id FROM consumer_group WHERE name = ?) ORDER BY id DESC LIMIT ?`
  const list = db.prepare<[string, string, number], Redrive>(
    `${view} AND redrive.id IN (${ids}) GROUP BY redrive.id ORDER BY redrive.id DESC`,
  )
  return {
    find: (group: string, id: number) => one.get(group, id) ?? null,
    list: (group: string, limit: number) => list.all(group, group, limit),
  }
}

interface AttemptRow extends IssuedAttempt {
  id: number
  groupId: number
  seq: number
  /** False: there is nothing to redrive any more. */
  isDue: number
}

function issuer(db: Database, clock: () => number) {
  const next = (state: string) =>
    db.prepare<[number, number], AttemptRow>(`
      SELECT attempt.id, attempt.group_id AS groupId, attempt.seq, ifnull(attempt.number, attempts + 1) AS number, token,
        topic, partition, row.record_offset AS "offset", key, ifnull(attempt.value, row.value) AS value,
        row.state IS 'open' AND (attempts < ${attemptsMax} OR attempt.number IS NOT NULL) AS isDue
      FROM attempt LEFT JOIN dead_letter AS row ON row.group_id = attempt.group_id AND row.seq = attempt.seq
      LEFT JOIN account ON account.id = row.account_id LEFT JOIN source ON source.id = account.source_id
      WHERE redrive_id = ? AND attempt.state = '${state}' ORDER BY attempt.seq LIMIT ?`)
  const [issued, waiting] = [next('issued'), next('waiting')]
  const isRunning = db.prepare<[number], number>("SELECT 1 FROM redrive WHERE id = ? AND state = 'running'").pluck()
  const leaveOut = db.prepare("UPDATE attempt SET state = 'gone', value = NULL WHERE id = ?")
  const give = db.prepare("UPDATE attempt SET state = 'issued', number = ?, token = ?, issued_ms = ? WHERE id = ?")
  const count = db.prepare('UPDATE dead_letter SET attempts = ? WHERE group_id = ? AND seq = ?')
  const finish = finisher(db)

  return inTurn(db, ({ id, tokens }: { id: number; tokens: string[] }): IssuedAttempt[] => {
    if (isRunning.get(id) === undefined) return []
    let due: AttemptRow[] = []
    for (let left = 1; left > 0 && due.length === 0; ) {
      const rows = [...issued.all(id, tokens.length), ...waiting.all(id, tokens.length)]
      due = rows.filter((row) => row.isDue)
      for (const row of rows) if (!row.isDue) leaveOut.run(row.id)
      left = rows.length
    }
    let given = 0
    for (const row of due) {
      if (row.token !== null) continue
      row.token = tokens[given++] as string
      give.run(row.number, row.token, clock(), row.id)
      count.run(row.number, row.groupId, row.seq)
    }
    if (due.length === 0) finish(id, clock())
    return due.map(({ token, number, topic, partition, offset, key, value }) => {
      return { token, number, topic, partition, offset, key, value }
    })
  })
}

function acknowledger(db: Database, clock: () => number) {
  const send = db.prepare("UPDATE attempt SET state = 'sent' WHERE redrive_id = ? AND token = ? AND state = 'issued'")
  const finish = finisher(db)
  return inTurn(db, ({ id, tokens }: { id: number; tokens: string[] }): void => {
    for (const token of tokens) send.run(id, token)
    finish(id, clock())
  })
}

/** A redrive is sent when nothing of it waits or hangs between two answers. */
function finisher(db: Database): (id: number, nowMs: number) => void {
  const finish = db.prepare(`
    UPDATE redrive SET state = 'sent', finished_ms = @nowMs, trouble = NULL WHERE id = @id AND state = 'running'
      AND NOT EXISTS (SELECT 1 FROM attempt WHERE redrive_id = @id AND attempt.state IN ('waiting', 'issued'))`)
  return (id, nowMs) => void finish.run({ id, nowMs })
}
