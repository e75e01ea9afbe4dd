// GET /api/lag: how far each group is behind, partition by partition.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { problemResponses } from '../problem.ts'
import type { Readings } from '../readings/readings.ts'
import { lagSchema } from '../schemas.ts'

const route = createRoute({
  method: 'get',
  path: '/api/lag',
  summary: 'Lag of every group by partition, as of the newest sample',
  responses: {
    200: { description: 'Messages and seconds', content: { 'application/json': { schema: lagSchema } } },
    ...problemResponses(503),
  },
})

export function mountLag(app: OpenAPIHono, readings: Pick<Readings, 'lag'>): void {
  app.openapi(route, async (c) => c.json(await readings.lag(), 200))
}
