// GET /metrics: the pipeline and this API as Prometheus reads them.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Registry } from 'prom-client'
import { PipelineError } from '../../errors.ts'
import { type PipelineReading, pipelineMetrics } from '../metrics/pipeline.ts'
import type { ApiParts } from '../parts.ts'
import type { Readings } from '../readings/readings.ts'
import { remember } from '../remember.ts'

/** Dead letters are counted from an index whose entries are as many as they: no more often than this. */
const deadLettersMs = 15_000

const route = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Metrics in the text format of Prometheus',
  description: 'Where the store does not answer, `freshet_store_up` is 0 and what comes from the store is absent.',
  responses: {
    200: { description: 'Version 0.0.4 of the format', content: { 'text/plain': { schema: z.string() } } },
  },
})

export function mountMetrics(
  app: OpenAPIHono,
  { store, group, now, registry }: Pick<ApiParts, 'store' | 'group' | 'now'> & { registry: Registry },
  readings: Pick<Readings, 'summary' | 'health' | 'lag'>,
): void {
  const startedMs = now()
  const show = pipelineMetrics(registry)
  const deadLetters = remember(deadLettersMs, now, () => store.redrives.groups({ group }))

  async function read(): Promise<PipelineReading | null> {
    try {
      const summary = await readings.summary()
      const [health, lag] = [await readings.health(), await readings.lag()]
      return { group, summary, health, lag, deadLetters: await deadLetters(), watchedMs: now() - startedMs }
    } catch (error) {
      if (error instanceof PipelineError) return null
      throw error
    }
  }

  app.openapi(route, async (c) => {
    show(await read())
    c.header('cache-control', 'no-store')
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }) as never
  })
}
