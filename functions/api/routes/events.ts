// GET /api/events: what was stored, page by page.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { pageQuery, readPage } from '../page.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { eventRow } from '../rows.ts'
import { eventsPageSchema } from '../schemas.ts'

const route = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'Stored events: the newest first, or ascending after a cursor, or descending before one',
  request: { query: pageQuery },
  responses: {
    200: { description: 'A page', content: { 'application/json': { schema: eventsPageSchema } } },
    ...problemResponses(400, 503),
  },
})

export function mountEvents(app: OpenAPIHono, { store, group }: Pick<ApiParts, 'store' | 'group'>): void {
  app.openapi(route, async (c) => {
    const query = { group, ...c.req.valid('query') }
    const page = await readPage(
      query,
      (part) => store.events(part),
      eventRow,
      () => store.head(group),
    )
    return c.json({ events: page.rows, cursor: page.cursor }, 200)
  })
}
