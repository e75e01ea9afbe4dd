// Consumer groups as rows: a small number for a name, and the group's sequence.
import type { Database, Statement } from 'better-sqlite3'

export interface GroupRow {
  id: number
  /** The last number given to an event or a dead letter; 0 before the first. */
  seq: number
  /** The generation of figures that is served. */
  figuresId: number
  /** One that is being built, and gets the same; see rebuilds.ts. */
  nextFiguresId: number | null
}

export interface GroupStatements {
  byName: Statement<[string], GroupRow>
  add: Statement<[string]>
  setSeq: Statement<[number, number]>
  setFiltered: Statement<[number]>
}

export function groupStatements(db: Database): GroupStatements {
  return {
    byName: db.prepare(`SELECT id, seq, ifnull(figures_id, id) AS figuresId, next_figures_id AS nextFiguresId
      FROM consumer_group WHERE name = ?`),
    add: db.prepare('INSERT INTO consumer_group (name) VALUES (?)'),
    setFiltered: db.prepare('UPDATE consumer_group SET is_filtered = 1 WHERE id = ? AND is_filtered = 0'),
    setSeq: db.prepare('UPDATE consumer_group SET seq = ? WHERE id = ?'),
  }
}

/** The group's row, made when it is new. */
export function groupOf(statements: GroupStatements, name: string): GroupRow {
  const known = statements.byName.get(name)
  if (known) return known
  const id = Number(statements.add.run(name).lastInsertRowid)
  return { id, seq: 0, figuresId: id, nextFiguresId: null }
}
