// A place in the walk over all rows: group by group, events before dead letters, in the order of their numbers.
export type RowTable = 'event' | 'dead_letter'

export interface Position {
  groupId: number
  table: RowTable
  /** The last row seen; 0 before the first. */
  seq: number
}

/** Whether a walk that stands at `position` has still to come to this row. */
export function isAhead(row: Position, position: Position): boolean {
  if (row.groupId !== position.groupId) return row.groupId > position.groupId
  if (row.table !== position.table) return row.table === 'dead_letter'
  return row.seq > position.seq
}
