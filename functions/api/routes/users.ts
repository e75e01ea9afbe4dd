// DELETE /api/users/:user_id: erases a user's events and dead letters; GET /api/erasures: the trail of it.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Erasure } from '../../store/retention.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'

/** More than anybody reads; the store keeps all of them. */
const trailMax = 1000

const erasureSchema = z
  .object({
    id: z.int(),
    user_id: z.int(),
    by: z.string().describe('who asked for it'),
    requestedAt: z.string(),
    finishedAt: z.string().nullable().describe('null while it goes on'),
    events: z.int().describe('erased'),
    deadLetters: z.int().describe('erased'),
  })
  .openapi('Erasure')

const erase = createRoute({
  method: 'delete',
  path: '/api/users/{user_id}',
  summary: 'Erases a user from events and dead letters, in every group; answers when it is done',
  description:
    'Sums stay, for they name nobody, and so do the ids of events: what Kafka delivers again is not stored again. ' +
    'The records themselves stay in Kafka until its retention.',
  request: { params: z.object({ user_id: z.string().regex(/^-?\d{1,15}$/, 'expected an integer') }) },
  responses: {
    200: { description: 'What was erased', content: { 'application/json': { schema: erasureSchema } } },
    ...problemResponses(400, 403, 415, 503),
  },
})

const trail = createRoute({
  method: 'get',
  path: '/api/erasures',
  summary: 'Erasures of users, the newest first',
  responses: {
    200: {
      description: `At most ${trailMax}`,
      content: { 'application/json': { schema: z.object({ erasures: z.array(erasureSchema) }) } },
    },
    ...problemResponses(503),
  },
})

export function mountUsers(app: OpenAPIHono, { store }: Pick<ApiParts, 'store'>): void {
  app.openapi(erase, async (c) => {
    const userId = Number(c.req.valid('param').user_id)
    return c.json(erasureRow(await store.eraseUser({ userId, by: 'the API' })), 200)
  })
  app.openapi(trail, async (c) => {
    const erasures = await store.erasures({ limit: trailMax })
    return c.json({ erasures: erasures.map(erasureRow) }, 200)
  })
}

function erasureRow({ userId, requestedMs, finishedMs, ...rest }: Erasure): z.infer<typeof erasureSchema> {
  return {
    ...rest,
    user_id: userId,
    requestedAt: new Date(requestedMs).toISOString(),
    finishedAt: finishedMs === null ? null : new Date(finishedMs).toISOString(),
  }
}
