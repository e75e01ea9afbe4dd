// What a route answers to a body that is not what it describes.
import type { z } from '@hono/zod-openapi'
import { PipelineError } from '../../errors.ts'

type Validated = { success: true } | { success: false; target: string; error: z.core.$ZodError }

/** A route's hook: names what was expected, and never what came. */
export function refuseBody(result: Validated): undefined {
  if (result.success) return undefined
  const complaints = result.error.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  )
  const code = result.target === 'json' ? 'BODY_INVALID' : 'QUERY_INVALID'
  throw new PipelineError(code, complaints.slice(0, 5).join('; '), {
    hint: 'See /api/openapi.json for what is expected.',
  })
}
