// Erases one user's rows everywhere, step by step, with a trail that also carries an interrupted erasure on.
import type { Database } from 'better-sqlite3'
import type { Position } from '../position.ts'
import type { Erasure } from '../retention.ts'
import { speaksOf } from '../speaks-of.ts'
import { shopperEraser } from './abandonment-erase.ts'
import { inTurn } from './in-turn.ts'
import { type RemovableRow, rowRemover } from './remove-rows.ts'

/** Rows looked at in one transaction: a few milliseconds. Dead letters are read whole, so they are fewer. */
const eventsPerStep = 10_000
const deadLettersPerStep = 200

interface ErasureRow {
  id: number
  userId: number
  position: string
}

export interface Eraser {
  /** Starts the trail of an erasure. Answers its number. */
  begin(query: { userId: number; by: string }): number
  /** Goes on with the oldest unfinished erasure. False when there is none. */
  step(): boolean
  one(id: number): Erasure
  /** The newest first. */
  list(limit: number): Erasure[]
}

export function eraser(db: Database, { clock }: { clock: () => number }): Eraser {
  const add = db.prepare('INSERT INTO erasure (user_id, requested_by, requested_ms) VALUES (?, ?, ?)')
  const unfinished = db.prepare<[], ErasureRow>(
    'SELECT id, user_id AS userId, position FROM erasure WHERE finished_ms IS NULL ORDER BY id LIMIT 1',
  )
  const advance = db.prepare(
    'UPDATE erasure SET position = ?, events = events + ?, dead_letters = dead_letters + ? WHERE id = ?',
  )
  const finish = db.prepare('UPDATE erasure SET finished_ms = ? WHERE id = ?')
  const trail = `SELECT id, user_id AS userId, requested_by AS "by", requested_ms AS requestedMs,
    finished_ms AS finishedMs, events, dead_letters AS deadLetters FROM erasure`
  const one = db.prepare<[number], Erasure>(`${trail} WHERE id = ?`)
  const list = db.prepare<[number], Erasure>(`${trail} ORDER BY id DESC LIMIT ?`)
  const nextGroup = db.prepare<[number], number | null>('SELECT min(id) FROM consumer_group WHERE id > ?').pluck()
  const removeRows = rowRemover(db)
  const eraseShopper = shopperEraser(db)
  const eventsOf = eventPage(db)
  const deadLettersOf = deadLetterPage(db)

  const step = inTurn(db, (): boolean => {
    const erasure = unfinished.get()
    if (!erasure) return false
    const { groupId, table, seq } = JSON.parse(erasure.position) as Position
    if (groupId > 0 && table === 'event' && seq === 0) eraseShopper(groupId, erasure.userId)
    const page =
      groupId === 0 ? emptyPage : (table === 'event' ? eventsOf : deadLettersOf)(groupId, seq, erasure.userId)
    if (page.rows.length > 0) removeRows(table, groupId, page.rows, 'erased')
    const next = nextPosition({ groupId, table, seq }, page.last)
    if (next) {
      const [events, deadLetters] = table === 'event' ? [page.rows.length, 0] : [0, page.rows.length]
      advance.run(JSON.stringify(next), events, deadLetters, erasure.id)
    } else finish.run(clock(), erasure.id)
    return true
  })

  function nextPosition(position: Position, last: number | null): Position | null {
    if (last !== null) return { ...position, seq: last }
    if (position.groupId > 0 && position.table === 'event') return { ...position, table: 'dead_letter', seq: 0 }
    const groupId = nextGroup.get(position.groupId)
    return groupId ? { groupId, table: 'event', seq: 0 } : null
  }

  return {
    begin: ({ userId, by }) => Number(add.run(userId, by, clock()).lastInsertRowid),
    one: (id) => one.get(id) as Erasure,
    step() {
      // What is erased must not lie on in pages that were freed. https://www.sqlite.org/pragma.html#pragma_secure_delete
      db.pragma('secure_delete = ON')
      try {
        return step()
      } finally {
        db.pragma('secure_delete = OFF')
      }
    },
    list: (limit) => list.all(limit),
  }
}

interface Page {
  /** The user's rows among those looked at. */
  rows: RemovableRow[]
  /** The last row looked at; null: there was none. */
  last: number | null
}

type ReadPage = (groupId: number, afterSeq: number, userId: number) => Page

const emptyPage: Page = { rows: [], last: null }

function eventPage(db: Database): ReadPage {
  const last = db
    .prepare<[number, number], number | null>(
      `SELECT max(seq) FROM (SELECT seq FROM event WHERE group_id = ? AND seq > ? ORDER BY seq LIMIT ${eventsPerStep})`,
    )
    .pluck()
  const rows = db.prepare<[number, number, number, number], RemovableRow>(
    'SELECT seq, account_id AS accountId FROM event WHERE group_id = ? AND seq > ? AND seq <= ? AND user_id = ?',
  )
  return (groupId, afterSeq, userId) => {
    const end = last.get(groupId, afterSeq) ?? null
    return end === null ? emptyPage : { rows: rows.all(groupId, afterSeq, end, userId), last: end }
  }
}

type DeadLetterCells = RemovableRow & { key: Buffer | null; value: Buffer | null }

function deadLetterPage(db: Database): ReadPage {
  const page = db.prepare<[number, number], DeadLetterCells>(
    `SELECT seq, account_id AS accountId, key, value FROM dead_letter
     WHERE group_id = ? AND seq > ? ORDER BY seq LIMIT ${deadLettersPerStep}`,
  )
  return (groupId, afterSeq, userId) => {
    const rows: RemovableRow[] = []
    let last: number | null = null
    for (const row of page.iterate(groupId, afterSeq)) {
      if (speaksOf(row, userId)) rows.push({ seq: row.seq, accountId: row.accountId })
      last = row.seq
    }
    return { rows, last }
  }
}
