// GET /api/events: what was stored, page by page, all of it or what fits a filter.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { pageQuery, readPage } from '../page.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { eventRow } from '../rows.ts'
import { eventsPageSchema } from '../schemas.ts'
import { eventsAround } from '../search/around.ts'
import { eventFilterOf, eventFilterQuery } from '../search/filters.ts'
import { readFiltered } from '../search/walk.ts'

const route = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'Stored events: the newest first, or ascending after a cursor, or descending before one',
  description:
    'A filter looks at a bounded number of rows and says how far it came: go on from its cursor, with `before` or ' +
    'with `after` as you began.',
  request: { query: pageQuery.extend(eventFilterQuery.shape) },
  responses: {
    200: { description: 'A page', content: { 'application/json': { schema: eventsPageSchema } } },
    ...problemResponses(400, 503),
  },
})

export function mountEvents(app: OpenAPIHono, { store, group }: Pick<ApiParts, 'store' | 'group'>): void {
  app.openapi(route, async (c) => {
    const asked = c.req.valid('query')
    const { after, before, limit } = asked
    const filter = eventFilterOf(asked)
    if (filter !== null) {
      const { rows, ...page } = await readFiltered(
        { group, filter, after, before, limit },
        { search: store.search.events, toRow: eventRow, around: (ms) => eventsAround(store, group, ms) },
      )
      return c.json({ events: rows, ...page }, 200)
    }
    const page = await readPage(
      { group, limit, ...(after !== undefined && { after }), ...(before !== undefined && { before }) },
      (part) => store.events(part),
      eventRow,
      () => store.head(group),
    )
    return c.json({ events: page.rows, cursor: page.cursor }, 200)
  })
}
