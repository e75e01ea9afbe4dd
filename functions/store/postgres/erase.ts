// Erases one user's rows everywhere, step by step, with a trail that also carries an interrupted erasure on.

import type { Position } from '../position.ts'
import type { Erasure } from '../retention.ts'
import { speaksOf } from '../speaks-of.ts'
import { eraseShopper } from './abandonment-erase.ts'
import { storableText } from './columns.ts'
import type { Database, Session, Statement } from './database.ts'
import { deadLettersAfter } from './read-rows.ts'
import { lockForRemoval, removeRows } from './remove-rows.ts'

/** Rows looked at in one transaction. Dead letters are read whole, so they are fewer. */
const eventsPerStep = 10_000
const deadLettersPerStep = 200

export interface Eraser {
  eraseUser(query: { userId: number; by: string }): Promise<Erasure>
  /** Goes on with the oldest unfinished erasure. False when there is none. */
  step(): Promise<boolean>
  /** The newest first. */
  erasures(query: { limit: number }): Promise<Erasure[]>
}

const trail = `SELECT id, user_id AS "userId", requested_by AS "by", requested_ms AS "requestedMs",
  finished_ms AS "finishedMs", events, dead_letters AS "deadLetters" FROM erasure`

const add: Statement = {
  name: 'erasure-add',
  text: 'INSERT INTO erasure (user_id, requested_by, requested_ms) VALUES ($1, $2, $3) RETURNING id',
}
const one: Statement = { name: 'erasure', text: `${trail} WHERE id = $1` }
const list: Statement = { name: 'erasures', text: `${trail} ORDER BY id DESC LIMIT $1` }
/** Two processes never work on the same erasure: the second waits, and goes on where the first came to. */
const unfinished: Statement = {
  name: 'erasure-unfinished',
  text: `SELECT id, user_id AS "userId", position FROM erasure WHERE finished_ms IS NULL ORDER BY id LIMIT 1 FOR UPDATE`,
}
const advance: Statement = {
  name: 'erasure-advance',
  text: 'UPDATE erasure SET position = $2, events = events + $3, dead_letters = dead_letters + $4 WHERE id = $1',
}
const finish: Statement = { name: 'erasure-finish', text: 'UPDATE erasure SET finished_ms = $2 WHERE id = $1' }
const nextGroup: Statement = {
  name: 'erasure-next-group',
  text: 'SELECT min(id) AS "groupId" FROM consumer_group WHERE id > $1',
}
const eventsOf: Statement = {
  name: 'erasure-events',
  text: `WITH page AS (
      SELECT seq, user_id FROM event WHERE group_id = $1 AND seq > $2 ORDER BY seq LIMIT ${eventsPerStep}
    ) SELECT (SELECT max(seq) FROM page) AS last, seq FROM page WHERE user_id = $3
    UNION ALL SELECT max(seq), NULL FROM page`,
}

interface Page {
  /** The user's rows among those looked at. */
  seqs: number[]
  /** The last row looked at; null: there was none. */
  last: number | null
}

export function eraser(database: Database, { clock }: { clock: () => number }): Eraser {
  function step(): Promise<boolean> {
    return database.transaction(async (session) => {
      const [erasure] = await session.rows<{ id: number; userId: number; position: string }>(unfinished, [])
      if (!erasure) return false
      const position = JSON.parse(erasure.position) as Position
      const page = await eraseIn(session, position, erasure.userId)
      const next = await nextPosition(session, position, page.last)
      if (next) {
        const counts = position.table === 'event' ? [page.seqs.length, 0] : [0, page.seqs.length]
        session.send(advance, [erasure.id, JSON.stringify(next), ...counts])
      } else session.send(finish, [erasure.id, clock()])
      return true
    })
  }

  return {
    async eraseUser({ userId, by }) {
      const [added] = await database.rows<{ id: number }>(add, [userId, storableText(by), clock()])
      for (;;) {
        const [erasure] = await database.rows<Erasure>(one, [added?.id ?? 0])
        if (!erasure || erasure.finishedMs !== null) return erasure as Erasure
        await step()
      }
    },
    step,
    erasures: ({ limit }) => database.rows<Erasure>(list, [limit]),
  }
}

async function eraseIn(session: Session, { groupId, table, seq }: Position, userId: number): Promise<Page> {
  // The walk begins in front of the first group.
  if (groupId === 0) return { seqs: [], last: null }
  const locked = await lockForRemoval(session, groupId)
  if (table === 'event' && seq === 0) eraseShopper(session, groupId, userId)
  const page =
    table === 'event' ? await eventPage(session, groupId, seq, userId) : await letterPage(session, groupId, seq, userId)
  await removeRows(session, locked, { table, seqs: page.seqs, reason: 'erased' })
  return page
}

async function eventPage(session: Session, groupId: number, after: number, userId: number): Promise<Page> {
  const rows = await session.rows<{ last: number | null; seq: number | null }>(eventsOf, [groupId, after, userId])
  return { seqs: rows.flatMap(({ seq }) => seq ?? []), last: rows[0]?.last ?? null }
}

async function letterPage(session: Session, groupId: number, after: number, userId: number): Promise<Page> {
  const rows = await deadLettersAfter(session, { groupId, after, limit: deadLettersPerStep })
  return { seqs: rows.filter((row) => speaksOf(row, userId)).map(({ seq }) => seq), last: rows.at(-1)?.seq ?? null }
}

async function nextPosition(session: Session, position: Position, last: number | null): Promise<Position | null> {
  if (last !== null) return { ...position, seq: last }
  if (position.groupId > 0 && position.table === 'event') return { ...position, table: 'dead_letter', seq: 0 }
  const [row] = await session.rows<{ groupId: number | null }>(nextGroup, [position.groupId])
  return row?.groupId ? { groupId: row.groupId, table: 'event', seq: 0 } : null
}
