// Looks for rows by their content, over a bounded stretch of the sequence.
import { type DeadLetterFilter, type EventFilter, type RowSearch, type SearchQuery, searchRowsMax } from '../search.ts'
import type { StoredDeadLetter } from '../store.ts'
import type { Database, Statement, Value } from './database.ts'
import { deadLetterColumns, type EventRow, eventColumns, pageBytesMax, toEvent } from './read-rows.ts'

type Order = 'ASC' | 'DESC'
interface Edge {
  seq: number
  arrivedMs: number
}

const groupId = '(SELECT id FROM consumer_group WHERE name = $1)'

/** $1 group, $2 and $3 exclusive bounds, $4 rows to pass over. */
const edgeIn = (table: string, order: Order): Statement => ({
  name: `search-edge-${table}-${order}`,
  text: `SELECT seq, arrived_ms AS "arrivedMs" FROM ${table}
    WHERE group_id = ${groupId} AND seq > $2 AND seq < $3 ORDER BY seq ${order} LIMIT 1 OFFSET $4`,
})

/** A condition whose parameter is null always holds. */
const optional = (parameter: string, condition: string) => `(${parameter} IS NULL OR ${condition})`
const arrivedFrom5 = [
  optional('$5::bigint', 'arrived_ms >= $5::bigint'),
  optional('$6::bigint', 'arrived_ms < $6::bigint'),
]

/** $4 limit, then the filter. */
const eventsIn = (order: Order): Statement => ({
  name: `search-events-${order}`,
  text: `SELECT ${eventColumns} FROM event JOIN source ON source.id = event.source_id
    WHERE event.group_id = ${groupId} AND seq > $2 AND seq < $3 AND ${[
      ...arrivedFrom5,
      optional('$7::text', 'event_type = $7::text'),
      // No region is asked for as '', which no event can carry.
      optional('$8::text', "coalesce(region, '') = $8::text"),
      optional('$9::bigint', 'user_id = $9::bigint'),
      optional('$10::float8', 'amount >= $10::float8'),
      optional('$11::float8', 'amount <= $11::float8'),
    ].join(' AND ')} ORDER BY seq ${order} LIMIT $4`,
})

/** The same. Bytes are added up as in the lists: see read-rows.ts. */
const deadLettersIn = (order: Order): Statement => ({
  name: `search-dead-letters-${order}`,
  text: `SELECT ${deadLetterColumns} FROM (
      SELECT *, sum(bytes) OVER (ORDER BY seq ${order}) - bytes AS bytes_before FROM (
        SELECT *, coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0) AS bytes FROM dead_letter
        WHERE group_id = ${groupId} AND seq > $2 AND seq < $3 AND ${[
          ...arrivedFrom5,
          optional('$7::text', 'code = $7::text'),
          optional('$8::text', 'state = $8::text'),
          optional('$9::text', 'position(lower($9::text) IN lower(reason)) > 0'),
        ].join(' AND ')} ORDER BY seq ${order} LIMIT $4
      ) AS asked
    ) AS measured JOIN source ON source.id = measured.source_id
    WHERE bytes_before < ${pageBytesMax} ORDER BY seq ${order}`,
})

const both = <Made>(make: (order: Order) => Made): Record<Order, Made> => ({ ASC: make('ASC'), DESC: make('DESC') })
const statements = {
  event: { edge: both((order) => edgeIn('event', order)), rows: both(eventsIn) },
  deadLetter: { edge: both((order) => edgeIn('dead_letter', order)), rows: both(deadLettersIn) },
}

export function rowSearcher(database: Database): Omit<RowSearch, 'record'> {
  /** Needs no transaction: a stretch of the sequence below its head is only ever thinned out. */
  async function search<Row>(
    query: SearchQuery<unknown>,
    { edge, rows }: (typeof statements)['event'],
    filter: Value[],
  ): Promise<{ rows: Row[]; last: Edge | null }> {
    const order: Order = query.after === undefined ? 'DESC' : 'ASC'
    let after = query.after ?? -1
    let before = order === 'DESC' ? (query.before ?? Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER
    const skip = Math.min(query.rowsMax, searchRowsMax) - 1
    const [last] = await database.rows<Edge>(edge[order], [query.group, after, before, skip])
    if (last && order === 'DESC') after = last.seq - 1
    else if (last) before = last.seq + 1
    const found = await database.rows<Row>(rows[order], [query.group, after, before, query.limit, ...filter])
    return { rows: found, last: last ?? null }
  }

  return {
    async events(query) {
      const { rows, last } = await search<EventRow>(query, statements.event, eventFilter(query.filter))
      const end = rows.at(-1)
      const stopped = end && rows.length === query.limit ? { seq: end.seq, arrivedMs: end.arrived_ms } : null
      return { rows: rows.map(toEvent), reached: stopped ?? last }
    },
    async deadLetters(query) {
      const { rows, last } = await search<StoredDeadLetter>(
        query,
        statements.deadLetter,
        deadLetterFilter(query.filter),
      )
      const end = rows.at(-1)
      const bytes = rows.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0)
      const isCut = end && (rows.length === query.limit || bytes >= pageBytesMax)
      return { rows, reached: isCut ? { seq: end.seq, arrivedMs: end.arrived_ms } : last }
    },
  }
}

function eventFilter({ eventType, region, userId, amountMin, amountMax, fromMs, toMs }: EventFilter): Value[] {
  const asked = [fromMs, toMs, eventType, region === null ? '' : region, userId, amountMin, amountMax]
  return asked.map((value) => value ?? null)
}

function deadLetterFilter({ code, state, text, fromMs, toMs }: DeadLetterFilter): Value[] {
  return [fromMs, toMs, code, state, text].map((value) => value ?? null)
}
