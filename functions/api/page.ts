// A page of a list by its cursor, cut so that no answer outgrows what a client and Lambda can carry.
import { z } from '@hono/zod-openapi'
import { PipelineError } from '../errors.ts'
import type { PageQuery } from '../store/store.ts'

const cursorText = z
  .string()
  .regex(/^\d{1,16}$/, 'expected a cursor: a whole number, 0 or greater')
  .transform(Number)
  .refine(Number.isSafeInteger, 'expected a cursor that was given by this API')

/**
 * A cursor that came by a header.
 *
 * @throws PipelineError QUERY_INVALID
 */
export function cursorOf(text: string): number {
  const parsed = cursorText.safeParse(text)
  if (parsed.success) return parsed.data
  throw new PipelineError('QUERY_INVALID', parsed.error.issues[0]?.message ?? 'expected a cursor')
}

/** Whole numbers from a query string; `Number('')` and `1e3` are none. */
export function wholeNumber(min: number, max: number, fallback: number) {
  const expected = `expected a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected)
    .default(fallback)
    .openapi({ type: 'integer', minimum: min, maximum: max, default: fallback })
}

const cursorParameter = cursorText.optional().openapi({ type: 'string', pattern: '^\\d{1,16}$' })

export const afterQuery = z.object({
  after: cursorParameter.openapi({ description: 'what was committed after this cursor' }),
})

export const pageQuery = z.object({
  after: cursorParameter.openapi({ description: 'ascending from here' }),
  before: cursorParameter.openapi({ description: 'descending from here' }),
  limit: wholeNumber(1, 1000, 50),
})

export interface Page<Row> {
  rows: Row[]
  /** Where the next page goes on: for `before` the lowest seq, else the highest. */
  cursor: string
}

/** Lambda answers at most 6 MB; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const pageCharactersMax = 4_000_000
/** Rows are read in small steps, since one of them may hold a megabyte. */
const rowsPerReadMax = 50

/**
 * Reads rows until the limit is reached, nothing is left, or the answer is big enough. Without a cursor it is the newest
 * page, and its cursor is `head`, read before the rows: the live stream goes on from there without a gap.
 */
export async function readPage<Stored extends { seq: number }, Row>(
  query: PageQuery,
  read: (query: PageQuery) => Promise<Stored[]>,
  toRow: (stored: Stored) => Row,
  head: () => Promise<number>,
): Promise<Page<Row>> {
  if (query.after !== undefined && query.before !== undefined) {
    throw new PipelineError('QUERY_INVALID', 'expected after or before, not both')
  }
  const isNewest = query.after === undefined && query.before === undefined
  const newest = isNewest ? await head() : 0
  const rows: Row[] = []
  let characters = 0
  let seq = query.after ?? query.before ?? newest
  // The newest page goes down from the head, so that nothing newer slips in between two reads.
  const from = (at: number) =>
    query.after === undefined ? { before: isNewest && rows.length === 0 ? at + 1 : at } : { after: at }

  while (rows.length < query.limit && characters < pageCharactersMax) {
    const limit = Math.min(rowsPerReadMax, query.limit - rows.length)
    const stored = await read({ group: query.group, limit, ...from(seq) })
    for (const one of stored) {
      if (characters >= pageCharactersMax) break
      const row = toRow(one)
      rows.push(row)
      characters += JSON.stringify(row).length
      seq = one.seq
    }
    if (stored.length === 0) break
  }
  return { rows, cursor: String(isNewest ? newest : seq) }
}
