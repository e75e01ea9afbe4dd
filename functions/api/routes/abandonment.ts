// GET /api/abandonment: carts left without a purchase, spikes of them, and the offers made in these.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { readAbandonment } from '../readings/abandonment.ts'
import { remember } from '../remember.ts'
import { abandonmentSchema } from '../schemas/abandonment.ts'

/** However many pages ask. */
const keepMs = 250

const route = createRoute({
  method: 'get',
  path: '/api/abandonment',
  summary: 'Abandoned carts by region against their baseline, incidents, and the offers made in them',
  description: 'Readers of the offers’ topic may see an offer_id twice; here each counts once.',
  responses: {
    200: { description: 'As it stands', content: { 'application/json': { schema: abandonmentSchema } } },
    ...problemResponses(503),
  },
})

/** Mounts nothing, so that the answer is 404, where the pipeline has no such consumer. */
export function mountAbandonment(app: OpenAPIHono, { store, now, abandonment }: ApiParts): void {
  if (!abandonment) return
  const read = remember(keepMs, now, () => readAbandonment(store.abandonment, now, abandonment))
  app.openapi(route, async (c) => c.json(await read(), 200))
}
