// GET /api/summary: the numbers at the top of the page.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { problemResponses } from '../problem.ts'
import type { Readings } from '../readings/readings.ts'
import { summarySchema } from '../schemas.ts'

const route = createRoute({
  method: 'get',
  path: '/api/summary',
  summary: 'Totals, rates, lag and the age of the newest event',
  responses: {
    200: { description: 'At most 200 ms old', content: { 'application/json': { schema: summarySchema } } },
    ...problemResponses(503),
  },
})

export function mountSummary(app: OpenAPIHono, readings: Pick<Readings, 'summary'>): void {
  app.openapi(route, async (c) => c.json(await readings.summary(), 200))
}
