// POST /api/events: real events into the topic.
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import { sentSchema } from '../../events/parse.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses, respondWithProblem } from '../problem.ts'
import { publishEvents } from '../publish/publish-events.ts'
import { splitBody } from '../publish/split.ts'
import { problemSchema, publishResultSchema } from '../schemas.ts'

const publishProblem = {
  description: 'A problem that also carries what became of each event',
  content: {
    'application/problem+json': { schema: problemSchema.extend(publishResultSchema.shape).openapi('PublishProblem') },
  },
}

/** The body is described, and not validated by the route: one bad event must not refuse the good ones. */
function describeBody(schema: z.ZodType) {
  const event = sentSchema(schema)
  return {
    required: true,
    description: 'At most 1,000 events and 1,000,000 bytes',
    content: {
      'application/json': { schema: { anyOf: [event, { type: 'array' as const, items: event, maxItems: 1000 }] } },
      'application/x-ndjson': { schema: { type: 'string' as const } },
    },
  }
}

export function mountPublish(app: OpenAPIHono, parts: Pick<ApiParts, 'publish' | 'topic' | 'rules' | 'now'>): void {
  const route = createRoute({
    method: 'post',
    path: '/api/events',
    summary: 'Publishes one event, an array, or NDJSON; answers once the broker has acknowledged',
    request: { body: describeBody(parts.rules.schema) as never },
    responses: {
      200: {
        description: 'Every valid event is in the topic; the refused ones are listed',
        content: { 'application/json': { schema: publishResultSchema } },
      },
      422: publishProblem,
      503: { ...publishProblem, headers: { 'retry-after': { schema: { type: 'string' } } } },
      ...problemResponses(400, 403, 413, 415),
    },
  })
  app.openapi(route, async (c) => {
    const isNdjson = /ndjson|jsonl/i.test(c.req.header('content-type') ?? '')
    const posted = splitBody(new Uint8Array(await c.req.arrayBuffer()), isNdjson)
    const { fault, ...result } = await publishEvents(posted, parts)
    if (fault) return respondWithProblem(c, fault, { ...result }) as never
    return c.json(result, 200)
  })
}
