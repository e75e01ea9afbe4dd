// GET /api/throughput: events and dead letters by second of arrival.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { wholeNumber } from '../page.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import type { Readings } from '../readings/readings.ts'
import { throughputSchema } from '../schemas.ts'

const route = createRoute({
  method: 'get',
  path: '/api/throughput',
  summary: 'Arrivals by second, gaps included, up to the last whole second',
  request: { query: z.object({ seconds: wholeNumber(1, 86_400, 300) }) },
  responses: {
    200: { description: 'One bucket a second', content: { 'application/json': { schema: throughputSchema } } },
    ...problemResponses(400, 503),
  },
})

export function mountThroughput(
  app: OpenAPIHono,
  readings: Pick<Readings, 'throughput'>,
  { now }: Pick<ApiParts, 'now'>,
): void {
  app.openapi(route, async (c) => {
    const { seconds } = c.req.valid('query')
    const running = Math.floor(now() / 1000)
    return c.json({ buckets: await readings.throughput(running - seconds, running) }, 200)
  })
}
