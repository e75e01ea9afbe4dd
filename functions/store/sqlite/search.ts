// Looks for rows by their content, over a bounded stretch of the sequence.
import type { Database, Statement } from 'better-sqlite3'
import type { DeadLetterFilter, EventFilter, Found, SearchQuery } from '../search.ts'
import { searchRowsMax } from '../search.ts'
import type { StoredDeadLetter, StoredEvent } from '../store.ts'
import { type Cell, deadLetterColumns, eventColumns, pageBytesMax, toDeadLetter, toEvent } from './read-rows.ts'

export interface RowSearcher {
  events(query: SearchQuery<EventFilter>): Found<StoredEvent>
  deadLetters(query: SearchQuery<DeadLetterFilter>): Found<StoredDeadLetter>
}

type Order = 'ASC' | 'DESC'
type Bound = Record<string, string | number | null>
interface Edge {
  seq: number
  arrivedMs: number
}

/** A condition whose parameter is null always holds. */
const optional = (name: string, condition: string) => `(@${name} IS NULL OR ${condition})`
const arrived = [optional('fromMs', 'arrived_ms >= @fromMs'), optional('toMs', 'arrived_ms < @toMs')]

const eventConditions = [
  optional('eventType', 'event_type = @eventType'),
  // No region is asked for as '', which no event can carry.
  optional('region', "ifnull(region, '') = @region"),
  optional('userId', 'user_id = @userId'),
  optional('amountMin', 'amount >= @amountMin'),
  optional('amountMax', 'amount <= @amountMax'),
  ...arrived,
]
const deadLetterConditions = [
  optional('code', 'code = @code'),
  optional('state', 'state = @state'),
  optional('text', 'instr(lower(reason), lower(@text)) > 0'),
  ...arrived,
]

export function rowSearcher(db: Database): RowSearcher {
  const groupId = db.prepare<[string], number>('SELECT id FROM consumer_group WHERE name = ?').pluck()
  const events = tableSearch(db, 'event', eventColumns, eventConditions)
  const deadLetters = tableSearch(db, 'dead_letter', deadLetterColumns, deadLetterConditions)

  function search<Row>(
    query: SearchQuery<unknown>,
    { edge, rows }: ReturnType<typeof tableSearch>,
    filter: Bound,
    read: (cells: IterableIterator<Cell[]>) => { rows: Row[]; stoppedAt: Edge | null },
  ): Found<Row> {
    const group = groupId.get(query.group)
    if (group === undefined) return { rows: [], reached: null }
    const order: Order = query.after === undefined ? 'DESC' : 'ASC'
    const range = {
      group,
      from: order === 'ASC' ? (query.after as number) + 1 : 0,
      to: order === 'DESC' ? (query.before ?? Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER,
    }
    const last = edge[order].get({ ...range, skip: Math.min(query.rowsMax, searchRowsMax) - 1 })
    if (last && order === 'DESC') range.from = last.seq
    else if (last) range.to = last.seq + 1
    const found = read(rows[order].iterate({ ...range, ...filter, limit: query.limit }))
    return { rows: found.rows, reached: found.stoppedAt ?? last ?? null }
  }

  return {
    events: db.transaction((query: SearchQuery<EventFilter>) =>
      search(query, events, eventFilter(query.filter), (cells) => {
        const rows = [...cells].map(toEvent)
        return { rows, stoppedAt: rows.length < query.limit ? null : edgeOf(rows.at(-1)) }
      }),
    ),
    deadLetters: db.transaction((query: SearchQuery<DeadLetterFilter>) =>
      search(query, deadLetters, deadLetterFilter(query.filter), (cells) => readDeadLetters(cells, query.limit)),
    ),
  }
}

interface TableSearch {
  edge: Record<Order, Statement<[Bound], Edge>>
  rows: Record<Order, Statement<[Bound], Cell[]>>
}

function tableSearch(db: Database, table: string, columns: string, conditions: string[]): TableSearch {
  const range = 'row.group_id = @group AND seq >= @from AND seq < @to'
  const edge = (order: Order) =>
    db.prepare<[Bound], Edge>(
      `SELECT seq, arrived_ms AS arrivedMs FROM ${table} AS row WHERE ${range} ORDER BY seq ${order} LIMIT 1 OFFSET @skip`,
    )
  const rows = (order: Order) =>
    db
      .prepare<[Bound], Cell[]>(
        `SELECT ${columns} FROM ${table} AS row
         JOIN account ON account.id = row.account_id JOIN source ON source.id = account.source_id
         WHERE ${[range, ...conditions].join(' AND ')} ORDER BY seq ${order} LIMIT @limit`,
      )
      .raw()
  return { edge: { ASC: edge('ASC'), DESC: edge('DESC') }, rows: { ASC: rows('ASC'), DESC: rows('DESC') } }
}

function readDeadLetters(cells: IterableIterator<Cell[]>, limit: number) {
  const rows: StoredDeadLetter[] = []
  let bytes = 0
  for (const each of cells) {
    const row = toDeadLetter(each)
    rows.push(row)
    bytes += (row.key?.length ?? 0) + (row.value?.length ?? 0)
    if (bytes >= pageBytesMax || rows.length === limit) {
      return { rows, stoppedAt: { seq: row.seq, arrivedMs: row.arrived_ms } }
    }
  }
  return { rows, stoppedAt: null }
}

function edgeOf(event: StoredEvent | undefined): Edge | null {
  return event ? { seq: event.seq, arrivedMs: Date.parse(event.processed_at) } : null
}

function eventFilter({ eventType, region, userId, amountMin, amountMax, fromMs, toMs }: EventFilter): Bound {
  return {
    eventType: eventType ?? null,
    region: region === undefined ? null : (region ?? ''),
    userId: userId ?? null,
    amountMin: amountMin ?? null,
    amountMax: amountMax ?? null,
    fromMs: fromMs ?? null,
    toMs: toMs ?? null,
  }
}

function deadLetterFilter({ code, state, text, fromMs, toMs }: DeadLetterFilter): Bound {
  return { code: code ?? null, state: state ?? null, text: text ?? null, fromMs: fromMs ?? null, toMs: toMs ?? null }
}
