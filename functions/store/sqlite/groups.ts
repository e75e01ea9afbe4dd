// Consumer groups as rows: a small number for a name, and the group's sequence.
import type { Database, Statement } from 'better-sqlite3'

export interface GroupRow {
  id: number
  /** The last number given to an event or a dead letter; 0 before the first. */
  seq: number
}

export interface GroupStatements {
  byName: Statement<[string], GroupRow>
  add: Statement<[string]>
  setSeq: Statement<[number, number]>
  setFiltered: Statement<[number]>
}

export function groupStatements(db: Database): GroupStatements {
  return {
    byName: db.prepare('SELECT id, seq FROM consumer_group WHERE name = ?'),
    add: db.prepare('INSERT INTO consumer_group (name) VALUES (?)'),
    setFiltered: db.prepare('UPDATE consumer_group SET is_filtered = 1 WHERE id = ? AND is_filtered = 0'),
    setSeq: db.prepare('UPDATE consumer_group SET seq = ? WHERE id = ?'),
  }
}

/** The group's row, made when it is new. */
export function groupOf(statements: GroupStatements, name: string): GroupRow {
  return statements.byName.get(name) ?? { id: Number(statements.add.run(name).lastInsertRowid), seq: 0 }
}
