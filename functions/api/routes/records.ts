// GET /api/records/:topic/:partition/:offset: the journey of one record.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { classifier } from '../../events/classify.ts'
import { readJourney } from '../journey/read-journey.ts'
import { tellJourney } from '../journey/tell-journey.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { journeySchema } from '../schemas/journey.ts'

const whole = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^\\d{1,${digits}}$`), 'expected a whole number')
    .transform(Number)
    .openapi({ type: 'integer', minimum: 0, maximum: 10 ** digits - 1 })

const route = createRoute({
  method: 'get',
  path: '/api/records/{topic}/{partition}/{offset}',
  summary: 'What became of the record of an offset, with times; and what is not known of it',
  request: {
    params: z.object({ topic: z.string().min(1).max(249), partition: whole(6), offset: whole(15) }),
    query: z.object({ group: z.string().min(1).max(255).optional().describe("absent: the shop's own group") }),
  },
  responses: {
    200: {
      description: 'Also where nothing is known of it: then it says so',
      content: { 'application/json': { schema: journeySchema } },
    },
    ...problemResponses(400, 503),
  },
})

type Parts = Pick<
  ApiParts,
  'store' | 'group' | 'timeZone' | 'rules' | 'now' | 'inFlight' | 'pastAttempts' | 'readRecord'
>

export function mountRecords(app: OpenAPIHono, { timeZone, rules, ...parts }: Parts): void {
  const classify = classifier(rules)
  app.openapi(route, async (c) => {
    const place = { group: c.req.valid('query').group ?? parts.group, ...c.req.valid('param') }
    return c.json(tellJourney(await readJourney(place, { ...parts, classify }), timeZone), 200)
  })
}
