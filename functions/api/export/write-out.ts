// Writes rows out page by page, as text: as much is in memory as one reading holds.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Found, SearchQuery } from '../../store/search.ts'
import { readingSize } from '../search/reading-size.ts'
import { csvLine } from './csv.ts'

export type ExportFormat = 'csv' | 'ndjson'

export interface ExportQuery<Filter> {
  group: string
  filter: Filter & { toMs?: number }
  format: ExportFormat
  /** Ascending from here, exclusive. */
  after: number
  /** Rows at most. */
  limit: number
}

export interface ExportParts<Filter, Stored, Row> {
  search: (query: SearchQuery<Filter>) => Promise<Found<Stored>>
  toRow: (stored: Stored) => Row
  /** In their order; the first line of a CSV. */
  columns: readonly (keyof Row & string)[]
}

export interface Piece {
  text: string
  /** Up to where everything has been written out. */
  seq: number
  isEnd: boolean
}

/** At most; fewer where that takes too long. */
const rowsPerReading = 4_000
const rowsPerPiece = 500

/** Pieces in the order of the sequence. The last one says whether it is the end of what is kept. */
export async function* writeOut<Filter, Stored extends { seq: number }, Row extends object>(
  { group, filter, format, after, limit }: ExportQuery<Filter>,
  { search, toRow, columns }: ExportParts<Filter, Stored, Row>,
): AsyncGenerator<Piece> {
  const lineOf =
    format === 'ndjson'
      ? (row: Row) => `${JSON.stringify(row)}\n`
      : (row: Row) => csvLine(columns.map((column) => row[column]))
  let head = format === 'csv' ? csvLine([...columns]) : ''
  let seq = after
  const size = readingSize(rowsPerReading)
  for (let left = limit; left > 0; ) {
    const startedMs = performance.now()
    const wanted = Math.min(left, rowsPerPiece, size.rows)
    const found = await search({ group, filter, after: seq, limit: wanted, rowsMax: size.rows })
    const { reached } = found
    const isEnd = reached === null || (filter.toMs !== undefined && reached.arrivedMs >= filter.toMs)
    seq = reached?.seq ?? found.rows.at(-1)?.seq ?? seq
    left -= found.rows.length
    const text = head + found.rows.map((stored) => lineOf(toRow(stored))).join('')
    size.took(performance.now() - startedMs)
    yield { text, seq, isEnd }
    head = ''
    if (isEnd) return
    await nextTurn()
  }
}
