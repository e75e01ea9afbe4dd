// GET /api/health: is every offset accounted for?
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { problemResponses } from '../problem.ts'
import type { Readings } from '../readings/readings.ts'
import { healthSchema } from '../schemas.ts'

const route = createRoute({
  method: 'get',
  path: '/api/health',
  summary: 'Whether every offset is accounted for, and how that is known',
  responses: {
    200: {
      description: 'Known or not, balanced or not',
      content: { 'application/json': { schema: healthSchema } },
    },
    ...problemResponses(503),
  },
})

export function mountHealth(app: OpenAPIHono, readings: Pick<Readings, 'health'>): void {
  app.openapi(route, async (c) => c.json(await readings.health(), 200))
}
