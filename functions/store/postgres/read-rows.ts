// Reads events and dead letters: pages of a list, and what came after a cursor.
import type { Change, PageQuery, StoredDeadLetter, StoredEvent } from '../store.ts'
import type { Database, Session, Statement } from './database.ts'

/** More rows than this are never read at once, whatever is asked: a read stays far below 100 ms. */
export const pageRowsMax = 10_000

/** A dead letter may hold a megabyte. A page ends with the row that passes this, so one row always comes. */
export const pageBytesMax = 4 * 1024 * 1024

export interface RowReader {
  events(query: PageQuery): Promise<StoredEvent[]>
  deadLetters(query: PageQuery): Promise<StoredDeadLetter[]>
  changesSince(query: { group: string; cursor: number; limit: number }): Promise<Change>
  head(group: string): Promise<number>
  newestEvent(group: string): Promise<{ recordMs: number; arrivedMs: number } | null>
}

type Order = 'ASC' | 'DESC'
export type EventRow = Omit<StoredEvent, 'processed_at' | 'extra'> & { arrived_ms: number; extra: string | null }

const groupId = '(SELECT id FROM consumer_group WHERE name = $1)'

export const eventColumns = `seq, event_id, event_type, user_id, product_id, amount, region, timestamp, arrived_ms,
  amount_bucket, is_revenue_event, topic, partition, record_offset AS "offset", record_ms, extra`
export const deadLetterColumns = `seq, code, reason, topic, partition, record_offset AS "offset", record_ms, arrived_ms,
  key, value, state, attempts`

/** $1 group, $2 and $3 exclusive bounds, $4 limit. */
const eventsIn = (order: Order): Statement => ({
  name: `events-${order}`,
  text: `SELECT ${eventColumns} FROM event JOIN source ON source.id = event.source_id
    WHERE event.group_id = ${groupId} AND seq > $2 AND seq < $3 ORDER BY seq ${order} LIMIT $4`,
})

/** octet_length reads the length that is kept beside a large value, not the value. */
const deadLettersIn = (order: Order, name: string, group: string): Statement => ({
  name,
  text: `SELECT ${deadLetterColumns}
    FROM (
      SELECT *, sum(bytes) OVER (ORDER BY seq ${order}) - bytes AS bytes_before FROM (
        SELECT *, coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0) AS bytes FROM dead_letter
        WHERE group_id = ${group} AND seq > $2 AND seq < $3 ORDER BY seq ${order} LIMIT $4
      ) AS asked
    ) AS measured JOIN source ON source.id = measured.source_id
    WHERE bytes_before < ${pageBytesMax} ORDER BY seq ${order}`,
})

const statements = {
  events: { ASC: eventsIn('ASC'), DESC: eventsIn('DESC') },
  deadLetters: {
    ASC: deadLettersIn('ASC', 'dead-letters-ASC', groupId),
    DESC: deadLettersIn('DESC', 'dead-letters-DESC', groupId),
  },
}

const deadLettersOfGroup = deadLettersIn('ASC', 'dead-letters-of-group', '$1')

/** A page of the dead letters of a group by its id, inside a transaction. */
export function deadLettersAfter(
  session: Pick<Session, 'rows'>,
  { groupId, after, limit }: { groupId: number; after: number; limit: number },
): Promise<(StoredDeadLetter & { key: Buffer | null; value: Buffer | null })[]> {
  return session.rows(deadLettersOfGroup, [groupId, after, Number.MAX_SAFE_INTEGER, limit])
}

const headOf: Statement = { name: 'head', text: 'SELECT seq FROM consumer_group WHERE name = $1' }

const newestOf: Statement = {
  name: 'newest-event',
  text: `SELECT record_ms AS "recordMs", arrived_ms AS "arrivedMs" FROM event WHERE group_id = ${groupId}
    ORDER BY seq DESC LIMIT 1`,
}

export function rowReader(database: Database): RowReader {
  function read<Row>(kind: keyof typeof statements, query: PageQuery): Promise<Row[]> {
    const ascending = query.after !== undefined && query.before === undefined
    const { group, after = 0, before = Number.MAX_SAFE_INTEGER, limit } = query
    const values = [group, after, before, Math.min(limit, pageRowsMax)]
    return database.rows<Row>(statements[kind][ascending ? 'ASC' : 'DESC'], values)
  }

  const events = async (query: PageQuery) => (await read<EventRow>('events', query)).map(toEvent)
  const deadLetters = (query: PageQuery) => read<StoredDeadLetter>('deadLetters', query)

  async function head(group: string): Promise<number> {
    const [row] = await database.rows<{ seq: number }>(headOf, [group])
    return row?.seq ?? 0
  }

  /**
   * Needs no transaction: numbers are given in the order of commits, so all that is up to a head that was read is there
   * to be read after it, and nothing comes in between.
   */
  async function changesSince(query: { group: string; cursor: number; limit: number }): Promise<Change> {
    const to = await head(query.group)
    if (query.cursor >= to) return { head: to, events: [], deadLetters: [], skipped: 0 }
    const range = { group: query.group, after: query.cursor, before: to + 1, limit: query.limit }
    const change = { head: to, events: (await events(range)).reverse(), deadLetters: [] as StoredDeadLetter[] }
    const others = to - query.cursor - change.events.length
    if (others > 0) change.deadLetters = (await deadLetters(range)).reverse()
    return { ...change, skipped: others - change.deadLetters.length }
  }

  return {
    events,
    deadLetters,
    changesSince,
    head,
    async newestEvent(group) {
      const [row] = await database.rows<{ recordMs: number; arrivedMs: number }>(newestOf, [group])
      return row ?? null
    },
  }
}

export function toEvent({ arrived_ms, extra, ...row }: EventRow): StoredEvent {
  return {
    ...row,
    processed_at: new Date(arrived_ms).toISOString(),
    extra: extra === null ? null : JSON.parse(extra),
  }
}
