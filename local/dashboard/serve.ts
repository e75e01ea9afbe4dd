// The page beside the API, and the routes that only a local stage has.
import { serveStatic } from '@hono/node-server/serve-static'
import { z } from 'zod'
import type { createApp } from '../../functions/api/app.ts'
import { PipelineError } from '../../functions/errors.ts'
import type { FaultStatus } from '../faults/fault.ts'
import { root } from '../runtime/bundle-entry.mjs'
import { type FaultRoutes, mountFaults } from './faults.ts'

/** What the page shows of the local stage. */
export interface LocalStatus {
  producer: 'running' | 'paused' | 'off'
  /** The mappings' own states; plain JSON. */
  mappings: unknown[]
  /** What is broken on purpose, and what could be. */
  faults: FaultStatus[]
}

/** Which partitions of a mapping's group are to be read again, and from where. */
export interface ReplayRequest {
  group: string
  offsets: { partition: number; offset: number }[]
}

export interface LocalRoutes extends Pick<FaultRoutes, 'setFault'> {
  status(): LocalStatus
  pauseProducer(paused: boolean): void
  /** Stops the group's mapping, moves its offsets and starts it again, whatever comes of it. */
  replay(request: ReplayRequest): Promise<void>
  /**
   * Writes the event of a function's batch to a file, and answers where.
   *
   * @throws PipelineError BODY_INVALID when that event is not kept (any more)
   */
  saveEvent(request: SaveEventRequest): Promise<string>
}

/** Which invocation's event. */
export interface SaveEventRequest {
  function: string
  batch: number
}

const offset = z.int().min(0)
const replayRequest = z.object({
  group: z.string().min(1).max(255),
  offsets: z
    .array(z.object({ partition: offset, offset }))
    .min(1)
    .max(10_000),
})

const saveEventRequest = z.object({ function: z.string().min(1).max(64), batch: z.int().min(1) })

/** Adds what the cloud answers with 404: the state of the emulator, and its switches. */
export function mountLocalRoutes(app: ReturnType<typeof createApp>, local: LocalRoutes): void {
  app.get('/api/local/status', (c) => c.json(local.status()))
  app.get('/api/local/mappings', (c) => c.json({ mappings: local.status().mappings }))
  app.post('/api/local/mappings/events', async (c) => {
    const request = saveEventRequest.safeParse(await c.req.json().catch(() => null))
    if (!request.success) {
      const hint = 'Send {"function": "consumer", "batch": 17}.'
      throw new PipelineError('BODY_INVALID', 'the body names no invocation', { hint })
    }
    const file = await local.saveEvent(request.data)
    return c.json({ file, command: `npm run invoke -- ${request.data.function} ${file}` }, 201)
  })
  app.post('/api/local/producer', async (c) => {
    const body: { paused?: unknown } | null = await c.req.json().catch(() => null)
    if (typeof body?.paused !== 'boolean')
      return c.json({ code: 'REQUEST_INVALID', title: 'expected {"paused": true or false}' }, 400)
    local.pauseProducer(body.paused)
    return c.json({ paused: body.paused }, 202)
  })
  app.post('/api/local/replay', async (c) => {
    const request = replayRequest.safeParse(await c.req.json().catch(() => null))
    if (!request.success) {
      const hint = 'Send {"group": "...", "offsets": [{"partition": 0, "offset": 17}]}.'
      throw new PipelineError('BODY_INVALID', 'the body is no replay', { hint })
    }
    await local.replay(request.data)
    return c.json(request.data)
  })
  mountFaults(app, { faults: () => local.status().faults, setFault: local.setFault })
}

/** Adds the page itself. Names with a hash in them never change; the page is asked for anew each time. */
export function mountPage(app: ReturnType<typeof createApp>): void {
  app.get(
    '/*',
    serveStatic({
      root: `${root}/web/dist`,
      onFound: (path, c) => {
        c.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    }),
  )
}
