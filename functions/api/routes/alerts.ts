// GET /api/alerts: which of the pipeline's alarms fire, by the thresholds that the panels draw.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { alertNames, alertsOf } from '../../status/alerts.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { summaryFacts } from '../readings/facts.ts'
import type { Readings } from '../readings/readings.ts'

const alertSchema = z
  .object({
    name: z.enum(alertNames),
    state: z.enum(['firing', 'ok', 'unknown']).describe('unknown: nothing is there to be judged'),
    value: z.number().nullable(),
    threshold: z.number(),
    unit: z.enum(['seconds', 'ratio', 'complaints']),
    text: z.string().describe('one sentence for people'),
  })
  .openapi('Alert')

const route = createRoute({
  method: 'get',
  path: '/api/alerts',
  summary: 'Which alarms fire, with value, threshold and a sentence each',
  responses: {
    200: {
      description: 'Always all of them, in one order',
      content: {
        'application/json': { schema: z.object({ now: z.number(), firing: z.int(), alerts: z.array(alertSchema) }) },
      },
    },
    ...problemResponses(503),
  },
})

export function mountAlerts(
  app: OpenAPIHono,
  readings: Pick<Readings, 'summary'>,
  { now }: Pick<ApiParts, 'now'>,
): void {
  const startedMs = now()
  app.openapi(route, async (c) => {
    const summary = await readings.summary()
    const alerts = alertsOf(summaryFacts(summary, summary.now - startedMs))
    const firing = alerts.filter(({ state }) => state === 'firing').length
    return c.json({ now: summary.now, firing, alerts }, 200)
  })
}
