// The routes of the faults: what can be broken here, breaking it, and healing it before its time.
import { z } from 'zod'
import type { createApp } from '../../functions/api/app.ts'
import { PipelineError } from '../../functions/errors.ts'
import { type FaultStatus, faultNames } from '../faults/fault.ts'

const faultRequest = z.object({ fault: z.enum(faultNames), on: z.boolean() })
export type FaultRequest = z.infer<typeof faultRequest>

export interface FaultRoutes {
  faults(): FaultStatus[]
  /** @throws PipelineError BODY_INVALID where this stage cannot have the fault */
  setFault(request: FaultRequest): Promise<void>
}

export function mountFaults(app: ReturnType<typeof createApp>, local: FaultRoutes): void {
  app.get('/api/local/faults', (c) => c.json({ faults: local.faults() }))
  app.post('/api/local/faults', async (c) => {
    const request = faultRequest.safeParse(await c.req.json().catch(() => null))
    if (!request.success) {
      const hint = `Send {"fault": "crash", "on": true}; there are ${faultNames.join(', ')}.`
      throw new PipelineError('BODY_INVALID', 'the body names no fault', { hint })
    }
    await local.setFault(request.data)
    return c.json(request.data, 202)
  })
}
