// GET /api/exports/events and /api/exports/dead-letters: all rows, or those that fit a filter, as a file.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { exportAnswers } from '../export/answer.ts'
import { type ExportParts, type ExportQuery, writeOut } from '../export/write-out.ts'
import { afterQuery, wholeNumber } from '../page.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { deadLetterRow, eventRow } from '../rows.ts'
import { deadLetterSchema, eventSchema } from '../schemas.ts'
import { deadLetterFilterOf, deadLetterFilterQuery, eventFilterOf, eventFilterQuery } from '../search/filters.ts'

const rowsMax = 1_000_000

const exportQuery = afterQuery.extend({
  format: z.enum(['csv', 'ndjson']).default('csv'),
  limit: wholeNumber(1, rowsMax, 100_000),
})

const responses = {
  200: {
    description: 'The rows in the order of their sequence; Link names the rest where an answer comes in one piece',
    content: {
      'text/csv': { schema: z.string().describe('RFC 4180; text that looks like a formula begins with an apostrophe') },
      'application/x-ndjson': { schema: z.string().describe('one row a line, exactly as the lists show it') },
    },
  },
  ...problemResponses(400, 429, 503),
}

const description = `When as many rows came as \`limit\` allows, go on with \`after\` = the last one's number. At most ${rowsMax} rows.`

const eventsRoute = createRoute({
  method: 'get',
  path: '/api/exports/events',
  summary: 'Stored events as CSV or NDJSON',
  description,
  request: { query: exportQuery.extend(eventFilterQuery.shape) },
  responses,
})

const deadLettersRoute = createRoute({
  method: 'get',
  path: '/api/exports/dead-letters',
  summary: 'Records put aside as CSV or NDJSON',
  description,
  request: { query: exportQuery.extend(deadLetterFilterQuery.shape) },
  responses,
})

const eventColumns = eventSchema.keyof().options
const deadLetterColumns = deadLetterSchema.keyof().options

/** What a list's export needs beside its filter; the columns are the first line of a CSV. */
interface Exported<Filter, Stored, Row> extends ExportParts<Filter, Stored, Row> {
  name: string
}

export function mountExports(app: OpenAPIHono, parts: Pick<ApiParts, 'store' | 'group' | 'streams'>): void {
  const { store, group } = parts
  const { answer } = exportAnswers(parts)

  async function send<Filter, Stored extends { seq: number }, Row extends object>(
    c: Context,
    { name, ...rows }: Exported<Filter, Stored, Row>,
    { format, limit, after = 0 }: z.infer<typeof exportQuery>,
    filter: ExportQuery<Filter>['filter'],
  ): Promise<never> {
    const pieces = writeOut({ group, filter, format, after, limit }, rows)
    return (await answer(c, { name, format }, pieces)) as never
  }

  app.openapi(eventsRoute, (c) => {
    const asked = c.req.valid('query')
    const { events: search } = store.search
    return send(
      c,
      { name: 'events', search, toRow: eventRow, columns: eventColumns },
      asked,
      eventFilterOf(asked) ?? {},
    )
  })
  app.openapi(deadLettersRoute, (c) => {
    const asked = c.req.valid('query')
    const { deadLetters: search } = store.search
    const rows = { name: 'dead-letters', search, toRow: deadLetterRow, columns: deadLetterColumns }
    return send(c, rows, asked, deadLetterFilterOf(asked) ?? {})
  })
}
