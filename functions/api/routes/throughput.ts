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
  summary: 'Arrivals by second, or by steps of several, gaps included, up to the last whole step',
  request: { query: z.object({ seconds: wholeNumber(1, 86_400, 300), step: wholeNumber(1, 3_600, 1) }) },
  responses: {
    200: {
      description: 'One bucket a step; a step begins where its number of seconds divides the time',
      content: { 'application/json': { schema: throughputSchema } },
    },
    ...problemResponses(400, 503),
  },
})

export function mountThroughput(
  app: OpenAPIHono,
  readings: Pick<Readings, 'throughput'>,
  { now }: Pick<ApiParts, 'now'>,
): void {
  app.openapi(route, async (c) => {
    const { seconds, step } = c.req.valid('query')
    const running = Math.floor(now() / 1000)
    const wholeStep = (second: number) => second - (second % step)
    const buckets = await readings.throughput(wholeStep(running - seconds), wholeStep(running), step)
    return c.json({ buckets }, 200)
  })
}
