// GET /api/dead-letters: the records that were put aside, each with its reason and its bytes.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { pageQuery, readPage } from '../page.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { deadLetterRow } from '../rows.ts'
import { deadLettersPageSchema } from '../schemas.ts'

const route = createRoute({
  method: 'get',
  path: '/api/dead-letters',
  summary: 'Records put aside: the newest first, or ascending after a cursor, or descending before one',
  request: { query: pageQuery },
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
    const query = { group, ...c.req.valid('query') }
    const page = await readPage(
      query,
      (part) => store.deadLetters(part),
      deadLetterRow,
      () => store.head(group),
    )
    return c.json({ deadLetters: page.rows, cursor: page.cursor }, 200)
  })
}
