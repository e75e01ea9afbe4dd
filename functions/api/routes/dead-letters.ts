// GET /api/dead-letters: the records that were put aside, each with its reason and its bytes.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { pageQuery, readPage } from '../page.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { deadLetterRow } from '../rows.ts'
import { deadLettersPageSchema } from '../schemas.ts'
import { eventsAround } from '../search/around.ts'
import { deadLetterFilterOf, deadLetterFilterQuery } from '../search/filters.ts'
import { readFiltered } from '../search/walk.ts'

const route = createRoute({
  method: 'get',
  path: '/api/dead-letters',
  summary: 'Records put aside: the newest first, or ascending after a cursor, or descending before one',
  request: { query: pageQuery.extend(deadLetterFilterQuery.shape) },
  responses: {
    200: {
      description: 'A page; shorter than asked where the records are big',
      content: { 'application/json': { schema: deadLettersPageSchema } },
    },
    ...problemResponses(400, 503),
  },
})

export function mountDeadLetters(app: OpenAPIHono, { store, group }: Pick<ApiParts, 'store' | 'group'>): void {
  app.openapi(route, async (c) => {
    const asked = c.req.valid('query')
    const { after, before, limit } = asked
    const filter = deadLetterFilterOf(asked)
    if (filter !== null) {
      const { rows, ...page } = await readFiltered(
        { group, filter, after, before, limit },
        { search: store.search.deadLetters, toRow: deadLetterRow, around: (ms) => eventsAround(store, group, ms) },
      )
      return c.json({ deadLetters: rows, ...page }, 200)
    }
    const page = await readPage(
      { group, limit, ...(after !== undefined && { after }), ...(before !== undefined && { before }) },
      (part) => store.deadLetters(part),
      deadLetterRow,
      () => store.head(group),
    )
    return c.json({ deadLetters: page.rows, cursor: page.cursor }, 200)
  })
}
