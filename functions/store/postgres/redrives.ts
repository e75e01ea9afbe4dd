// Redrives as rows: begun, advanced step by step by whoever holds them, cancelled, and read with their progress.
import { PipelineError } from '../../errors.ts'
import { attemptsMax, type IssuedAttempt, type Redrive, type Redrives } from '../redrives.ts'
import { bytes, numbers, storableText, texts } from './columns.ts'
import type { Database, Session, Statement } from './database.ts'
import { addGroup, lockGroup } from './recall.ts'

type Advancing = Omit<Redrives, 'groups' | 'one' | 'select' | 'compareIds' | 'discard'>

const groupId = '(SELECT id FROM consumer_group WHERE name = $1)'

const running: Statement = {
  name: 'redrive-running',
  text: `SELECT id FROM redrive WHERE group_id = ${groupId} AND state = 'running'`,
}
const add: Statement = {
  name: 'redrive-add',
  text: `INSERT INTO redrive (group_id, requested_by, requested_ms, selection, per_second, state)
    VALUES (${groupId}, $2, $3, $4, $5, 'running') RETURNING id`,
}
const addAttempts: Statement = {
  name: 'redrive-add-attempts',
  text: `INSERT INTO attempt (group_id, redrive_id, state, seq, value)
    SELECT ${groupId}, $2::integer, 'waiting', * FROM unnest($3::bigint[], $4::bytea[])`,
}
const count = (state: string) => `count(*) FILTER (WHERE attempt.state = '${state}') AS ${state}`
const inFlight = `count(*) FILTER (WHERE attempt.state IN ('issued', 'sent'))`
const view = `
  SELECT redrive.id, requested_by AS "by", requested_ms AS "requestedMs",
    CASE WHEN redrive.state = 'sent' AND ${inFlight} = 0 THEN 'finished' ELSE redrive.state END AS state,
    selection, per_second AS "perSecond", count(*) AS records, ${count('waiting')}, ${inFlight} AS "inFlight",
    ${count('stored')}, ${count('duplicate')}, ${count('noise')}, ${count('failed')}, ${count('gone')}, ${count('cancelled')},
    finished_ms AS "finishedMs", cancelled_by AS "cancelledBy", trouble
  FROM redrive JOIN attempt ON redrive_id = redrive.id WHERE redrive.group_id = ${groupId}`
const find: Statement = { name: 'redrive', text: `${view} AND redrive.id = $2 GROUP BY redrive.id` }
const list: Statement = {
  name: 'redrives',
  text: `${view} AND redrive.id IN (SELECT id FROM redrive WHERE group_id = ${groupId} ORDER BY id DESC LIMIT $2)
    GROUP BY redrive.id ORDER BY redrive.id DESC`,
}
const cancel: Statement = {
  name: 'redrive-cancel',
  text: `WITH cancelled AS (
      UPDATE redrive SET state = 'cancelled', cancelled_by = $3, finished_ms = coalesce(finished_ms, $4), trouble = NULL
      WHERE id = $2 AND group_id = ${groupId} AND state IN ('running', 'sent') RETURNING id
    ) UPDATE attempt SET state = 'cancelled', value = NULL FROM cancelled
    WHERE redrive_id = cancelled.id AND attempt.state = 'waiting'`,
}
const take: Statement = {
  name: 'redrive-take',
  text: `UPDATE redrive SET holder = $1, held_until_ms = $2 WHERE id = (
      SELECT id FROM redrive WHERE state = 'running' AND (holder = $1 OR held_until_ms <= $3)
      ORDER BY holder IS NOT DISTINCT FROM $1 DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, per_second AS "perSecond"`,
}
const release: Statement = {
  name: 'redrive-release',
  text: 'UPDATE redrive SET held_until_ms = 0, holder = NULL, trouble = $3 WHERE id = $1 AND holder = $2',
}
/** Batches of its group lock dead letters in an order of their own. */
const lockGroupOf: Statement = {
  name: 'redrive-lock-group',
  text: `SELECT FROM consumer_group WHERE id =
    (SELECT group_id FROM redrive WHERE id = $1 AND state = 'running') FOR UPDATE`,
}

export function redriveRows(database: Database, { clock }: { clock: () => number }): Advancing {
  const findOne = async (session: Pick<Session, 'rows'>, group: string, id: number): Promise<Redrive | null> =>
    (await session.rows<Redrive>(find, [group, id]))[0] ?? null

  return {
    begin: ({ group, by, selection, perSecond, items }) =>
      database.transaction(async (session) => {
        session.send(addGroup, [group])
        await session.rows(lockGroup, [group])
        const [other] = await session.rows<{ id: number }>(running, [group])
        if (other) throw new PipelineError('REDRIVE_RUNNING', `redrive ${other.id} is still being sent`)
        const values = [group, storableText(by), clock(), storableText(selection), perSecond]
        const [added] = await session.rows<{ id: number }>(add, values)
        const id = added?.id ?? 0
        const columns = [numbers(items.map(({ seq }) => seq)), bytes(items.map(({ value }) => value))]
        session.send(addAttempts, [group, id, ...columns])
        return (await findOne(session, group, id)) as Redrive
      }),
    find: ({ group, id }) => findOne(database, group, id),
    list: ({ group, limit }) => database.rows<Redrive>(list, [group, limit]),
    cancel: ({ group, id, by }) =>
      database.transaction(async (session) => {
        await session.rows(lockGroup, [group])
        session.send(cancel, [group, id, storableText(by), clock()])
        return findOne(session, group, id)
      }),
    async take({ holder, untilMs }) {
      const [taken] = await database.rows<{ id: number; perSecond: number }>(take, [holder, untilMs, clock()])
      return taken ?? null
    },
    issue: ({ id, tokens }) =>
      database.transaction(async (session) => {
        const isRunning = (await session.rows(lockGroupOf, [id])).length > 0
        return isRunning ? issue(session, { id, tokens, nowMs: clock() }) : []
      }),
    acknowledge: ({ id, tokens }) =>
      database.transaction(async (session) => {
        await session.rows(lockGroupOf, [id])
        session.send(send, [id, texts(tokens)])
        session.send(finish, [id, clock()])
      }),
    async release({ id, holder, trouble }) {
      await database.rows(release, [id, holder, trouble && storableText(trouble)])
    },
  }
}

const next = (state: string): Statement => ({
  name: `redrive-next-${state}`,
  text: `SELECT attempt.id, attempt.seq, coalesce(attempt.number, attempts + 1) AS number, token,
      topic, partition, letter.record_offset AS "offset", key, coalesce(attempt.value, letter.value) AS value,
      coalesce(letter.state = 'open' AND (attempts < ${attemptsMax} OR attempt.number IS NOT NULL), false) AS "isDue"
    FROM attempt LEFT JOIN dead_letter AS letter ON letter.group_id = attempt.group_id AND letter.seq = attempt.seq
    LEFT JOIN source ON source.id = letter.source_id
    WHERE redrive_id = $1 AND attempt.state = '${state}' ORDER BY attempt.seq LIMIT $2`,
})
const [nextIssued, nextWaiting] = [next('issued'), next('waiting')] as const
const leaveOut: Statement = {
  name: 'redrive-leave-out',
  text: `UPDATE attempt SET state = 'gone', value = NULL WHERE id = ANY($1::bigint[])`,
}
const give: Statement = {
  name: 'redrive-give',
  text: `WITH given AS (
      UPDATE attempt SET state = 'issued', number = new.number, token = new.token, issued_ms = $1
      FROM unnest($2::bigint[], $3::integer[], $4::text[]) AS new (id, number, token) WHERE attempt.id = new.id
      RETURNING group_id, seq, attempt.number
    ) UPDATE dead_letter SET attempts = given.number FROM given
    WHERE dead_letter.group_id = given.group_id AND dead_letter.seq = given.seq`,
}
const send: Statement = {
  name: 'redrive-sent',
  text: `UPDATE attempt SET state = 'sent' WHERE redrive_id = $1 AND token = ANY($2::text[]) AND state = 'issued'`,
}
/** A redrive is sent when nothing of it waits or hangs between two answers. */
const finish: Statement = {
  name: 'redrive-finish',
  text: `UPDATE redrive SET state = 'sent', finished_ms = $2, trouble = NULL WHERE id = $1 AND state = 'running'
    AND NOT EXISTS (SELECT FROM attempt WHERE redrive_id = $1 AND attempt.state IN ('waiting', 'issued'))`,
}

type AttemptRow = Omit<IssuedAttempt, 'token'> & { id: number; seq: number; token: string | null; isDue: boolean }

/** Inside a transaction that holds the group. */
async function issue(
  session: Session,
  { id, tokens, nowMs }: { id: number; tokens: string[]; nowMs: number },
): Promise<IssuedAttempt[]> {
  let due: AttemptRow[] = []
  for (let left = 1; left > 0 && due.length === 0; ) {
    const rows = (
      await Promise.all(
        [nextIssued, nextWaiting].map((statement) => session.rows<AttemptRow>(statement, [id, tokens.length])),
      )
    ).flat()
    due = rows.filter(({ isDue }) => isDue)
    const over = rows.filter(({ isDue }) => !isDue)
    if (over.length > 0) session.send(leaveOut, [numbers(over.map((row) => row.id))])
    left = rows.length
  }
  if (due.length === 0) session.send(finish, [id, nowMs])
  let given = 0
  const fresh = due.filter(({ token }) => token === null)
  for (const row of fresh) row.token = tokens[given++] as string
  if (fresh.length > 0) {
    const numbersOf = numbers(fresh.map(({ number }) => number))
    session.send(give, [nowMs, numbers(fresh.map((row) => row.id)), numbersOf, texts(fresh.map(({ token }) => token))])
  }
  return due.map(({ id: _, seq: __, isDue: ___, ...attempt }) => attempt as IssuedAttempt)
}
