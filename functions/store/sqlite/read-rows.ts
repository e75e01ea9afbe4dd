// Reads events and dead letters: pages of a list, and what came after a cursor.
import type { Database, Statement } from 'better-sqlite3'
import type { RejectionCode } from '../../events/rejection.ts'
import type { Change, DeadLetterState, PageQuery, StoredDeadLetter, StoredEvent } from '../store.ts'

/** More rows than this are never read at once, whatever is asked: a read stays far below 100 ms. */
export const pageRowsMax = 10_000

/** A dead letter may hold a megabyte. A page ends with the row that passes this, so one row always comes. */
export const pageBytesMax = 4 * 1024 * 1024

export interface RowReader {
  events(query: PageQuery): StoredEvent[]
  deadLetters(query: PageQuery): StoredDeadLetter[]
  changesSince(query: { group: string; cursor: number; limit: number }): Change
  head(group: string): number
  newestEvent(group: string): { recordMs: number; arrivedMs: number } | null
}

export type Cell = number | string | Buffer | null
type RangeRead = Statement<[number, number, number, number], Cell[]>

export const eventColumns = `seq, event_id, event_type, user_id, product_id, amount, region, timestamp, arrived_ms,
  amount_bucket, is_revenue_event, topic, partition, record_offset, record_ms, extra`
export const deadLetterColumns = `seq, code, reason, topic, partition, record_offset, record_ms, arrived_ms, key, value,
  state, attempts`

export function rowReader(db: Database): RowReader {
  const groupRow = db.prepare<[string], { id: number; seq: number }>(
    'SELECT id, seq FROM consumer_group WHERE name = ?',
  )
  const newest = db.prepare<[number], { recordMs: number; arrivedMs: number }>(
    'SELECT record_ms AS recordMs, arrived_ms AS arrivedMs FROM event WHERE group_id = ? ORDER BY seq DESC LIMIT 1',
  )
  const events = rangeReads(db, 'event', eventColumns)
  const deadLetters = rangeReads(db, 'dead_letter', deadLetterColumns)

  function page<Row>(
    query: PageQuery,
    reads: typeof events,
    read: (statement: RangeRead, range: Range) => Row[],
  ): Row[] {
    const group = groupRow.get(query.group)
    if (!group) return []
    const ascending = query.after !== undefined && query.before === undefined
    const { after = 0, before = Number.MAX_SAFE_INTEGER, limit } = query
    return read(ascending ? reads.ascending : reads.descending, { groupId: group.id, after, before, limit })
  }

  function changesSince(query: { group: string; cursor: number; limit: number }): Change {
    const group = groupRow.get(query.group)
    const head = group?.seq ?? 0
    if (!group || query.cursor >= head) return { head, events: [], deadLetters: [], skipped: 0 }
    const range = { groupId: group.id, after: query.cursor, before: head + 1, limit: query.limit }
    const change = {
      head,
      events: readEvents(events.descending, range).reverse(),
      deadLetters: readDeadLetters(deadLetters.descending, range).reverse(),
    }
    return { ...change, skipped: head - query.cursor - change.events.length - change.deadLetters.length }
  }

  return {
    events: (query) => page(query, events, readEvents),
    deadLetters: (query) => page(query, deadLetters, readDeadLetters),
    // In one read transaction, so that the count and the lists speak of the same moment.
    changesSince: db.transaction(changesSince),
    head: (group) => groupRow.get(group)?.seq ?? 0,
    newestEvent(group) {
      const row = groupRow.get(group)
      return (row && newest.get(row.id)) ?? null
    },
  }
}

interface Range {
  groupId: number
  /** Both exclusive. */
  after: number
  before: number
  limit: number
}

/** Rows come as arrays, which is the faster of the driver's two ways. */
function rangeReads(db: Database, table: string, columns: string): { ascending: RangeRead; descending: RangeRead } {
  const read = (order: string): RangeRead =>
    db
      .prepare<[number, number, number, number], Cell[]>(
        `SELECT ${columns} FROM ${table} AS row
         JOIN account ON account.id = row.account_id JOIN source ON source.id = account.source_id
         WHERE row.group_id = ? AND seq > ? AND seq < ? ORDER BY seq ${order} LIMIT ?`,
      )
      .raw()
  return { ascending: read('ASC'), descending: read('DESC') }
}

function readEvents(statement: RangeRead, { groupId, after, before, limit }: Range): StoredEvent[] {
  return statement.all(groupId, after, before, Math.min(limit, pageRowsMax)).map(toEvent)
}

function readDeadLetters(statement: RangeRead, { groupId, after, before, limit }: Range): StoredDeadLetter[] {
  const rows: StoredDeadLetter[] = []
  let bytes = 0
  for (const cells of statement.iterate(groupId, after, before, Math.min(limit, pageRowsMax))) {
    const row = toDeadLetter(cells)
    rows.push(row)
    bytes += (row.key?.length ?? 0) + (row.value?.length ?? 0)
    if (bytes >= pageBytesMax) break
  }
  return rows
}

/** In the order of `eventColumns`. */
export function toEvent(cells: Cell[]): StoredEvent {
  return {
    seq: cells[0] as number,
    event_id: cells[1] as string,
    event_type: cells[2] as string,
    user_id: cells[3] as number,
    product_id: cells[4] as number | null,
    amount: cells[5] as number,
    region: cells[6] as string | null,
    timestamp: cells[7] as string,
    processed_at: new Date(cells[8] as number).toISOString(),
    amount_bucket: cells[9] as string,
    is_revenue_event: cells[10] === 1,
    topic: cells[11] as string,
    partition: cells[12] as number,
    offset: cells[13] as number,
    record_ms: cells[14] as number,
    extra: cells[15] === null ? null : JSON.parse(cells[15] as string),
  }
}

/** In the order of `deadLetterColumns`. */
export function toDeadLetter(cells: Cell[]): StoredDeadLetter {
  return {
    seq: cells[0] as number,
    code: cells[1] as RejectionCode,
    reason: cells[2] as string,
    topic: cells[3] as string,
    partition: cells[4] as number,
    offset: cells[5] as number,
    record_ms: cells[6] as number,
    arrived_ms: cells[7] as number,
    key: cells[8] as Buffer | null,
    value: cells[9] as Buffer | null,
    state: cells[10] as DeadLetterState,
    attempts: cells[11] as number,
  }
}
