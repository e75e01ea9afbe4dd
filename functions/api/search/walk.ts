// A filter over many rows, walked in short readings: what was found, and how far it was looked.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PipelineError } from '../../errors.ts'
import type { Found, SearchQuery } from '../../store/search.ts'
import { pageCharactersMax } from '../page.ts'
import type { Searched } from '../schemas.ts'
import type { Neighbours } from './around.ts'
import { readingSize } from './reading-size.ts'

export interface WalkLimits {
  /** Rows in one reading at most, a few milliseconds of work: between two of them the thread answers others. */
  rowsPerReading: number
  /** Rows for one answer; who wants more goes on from its cursor. */
  rowsPerAnswer: number
}

const walkLimits: WalkLimits = { rowsPerReading: 4_000, rowsPerAnswer: 100_000 }

export interface FilterQuery<Filter> {
  group: string
  filter: Filter & { fromMs?: number; toMs?: number }
  /** Ascending from here; absent: descending. */
  after?: number | undefined
  before?: number | undefined
  limit: number
}

export interface WalkParts<Filter, Stored, Row> {
  search: (query: SearchQuery<Filter>) => Promise<Found<Stored>>
  toRow: (stored: Stored) => Row
  around: (ms: number) => Promise<Neighbours>
}

export interface FilteredPage<Row> {
  rows: Row[]
  /** Where the next page goes on in the same direction. */
  cursor: string
  searched: Searched
}

type Reached = Found<unknown>['reached']

/**
 * Looks for rows until there are enough, nothing is left, or enough was looked at. Between two readings other requests
 * have their turn.
 *
 * Rows lie in the order of their arrival, so a stretch of time is gone to at once. Where the clock was set back, rows
 * beyond its ends may be out of that order and are not looked for.
 *
 * @throws PipelineError QUERY_INVALID
 */
export async function readFiltered<Filter, Stored extends { seq: number }, Row>(
  query: FilterQuery<Filter>,
  parts: WalkParts<Filter, Stored, Row>,
  { rowsPerReading, rowsPerAnswer }: WalkLimits = walkLimits,
): Promise<FilteredPage<Row>> {
  if (query.after !== undefined && query.before !== undefined) {
    throw new PipelineError('QUERY_INVALID', 'expected after or before, not both')
  }
  const isUp = query.after !== undefined
  const { group, filter, limit } = query
  const place = await start(query, parts.around)
  const rows: Row[] = []
  let reached: Reached = null
  let characters = 0
  const size = readingSize(rowsPerReading)
  for (let looked = 0; looked < rowsPerAnswer && rows.length < limit && characters < pageCharactersMax; ) {
    const startedMs = performance.now()
    const rowsMax = size.rows
    const found = await parts.search({ group, filter, limit: limit - rows.length, rowsMax, ...place })
    reached = found.reached
    for (const stored of found.rows) {
      if (characters >= pageCharactersMax) break
      const row = parts.toRow(stored)
      rows.push(row)
      characters += JSON.stringify(row).length
      // An answer that is big enough ends here, whatever was looked at beyond.
      if (characters >= pageCharactersMax) reached = { seq: stored.seq, arrivedMs: reached?.arrivedMs ?? 0 }
    }
    if (isBeyond(reached, isUp, filter)) reached = null
    if (reached === null) break
    if (isUp) place.after = reached.seq
    else place.before = reached.seq
    looked += rowsMax
    size.took(performance.now() - startedMs)
    await nextTurn()
  }
  const last = isUp ? place.after : place.before
  return {
    rows,
    cursor: String(last ?? 0),
    searched: { backTo: reached && new Date(reached.arrivedMs).toISOString(), isEnd: reached === null },
  }
}

/** A stretch of time begins at one of the events around its end. */
async function start<Filter>(
  { after, before, filter }: FilterQuery<Filter>,
  around: (ms: number) => Promise<Neighbours>,
): Promise<{ after?: number; before?: number }> {
  if (after !== undefined) {
    return { after: filter.fromMs === undefined ? after : Math.max(after, (await around(filter.fromMs)).below) }
  }
  if (filter.toMs === undefined) return before === undefined ? {} : { before }
  return { before: Math.min(before ?? Number.MAX_SAFE_INTEGER, (await around(filter.toMs)).above) }
}

/** Beyond the stretch of time that is asked for, nothing fits any more. */
function isBeyond(reached: Reached, isUp: boolean, { fromMs, toMs }: { fromMs?: number; toMs?: number }): boolean {
  if (reached === null) return true
  return isUp ? toMs !== undefined && reached.arrivedMs >= toMs : fromMs !== undefined && reached.arrivedMs < fromMs
}
