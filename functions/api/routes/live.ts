// GET /api/live: what happens, as it happens. One message format; a stream or one poll by what the client accepts.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type FrameParts, wholeFrame } from '../live/frame.ts'
import type { LiveHub } from '../live/hub.ts'
import { openStream, sseHeaders } from '../live/sse.ts'
import { afterQuery, cursorOf } from '../page.ts'
import { problemResponses } from '../problem.ts'
import { liveSchema } from '../schemas.ts'

const route = createRoute({
  method: 'get',
  path: '/api/live',
  summary: 'Everything since a cursor; with Accept: text/event-stream also everything to come',
  request: {
    query: afterQuery,
    headers: z.object({ 'last-event-id': z.string().optional().describe('stands before ?after') }),
  },
  responses: {
    200: {
      description: 'What happened after the cursor, at most 50 rows of it, and the present numbers',
      content: {
        'application/json': { schema: liveSchema },
        'text/event-stream': { schema: { type: 'string', description: 'Each data is one Live; its id is the cursor' } },
      },
    },
    ...problemResponses(400, 503),
  },
})

export function mountLive(app: OpenAPIHono, parts: FrameParts, hub: LiveHub | undefined): void {
  app.openapi(route, async (c) => {
    // A browser that reconnects repeats its address, so the id of the last frame it got goes first.
    const lastEventId = c.req.header('last-event-id')
    const after = lastEventId ? cursorOf(lastEventId) : c.req.valid('query').after
    // HEAD would open a stream that nobody reads.
    if (hub && c.req.method === 'GET' && c.req.header('accept')?.includes('text/event-stream')) {
      return c.body(await openStream(hub, after), 200, sseHeaders) as never
    }
    c.header('cache-control', 'no-store')
    return c.json(await wholeFrame(parts, after), 200)
  })
}
