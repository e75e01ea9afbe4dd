// How a function reads its environment: through a schema, once, with an error that names the variable.
import type { z } from 'zod'
import { PipelineError } from './errors.ts'

/**
 * The variables that `schema` names, checked and converted.
 *
 * @throws PipelineError CONFIG_INVALID, naming each variable and what was expected of it; never a value, which may be a secret.
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Record<string, string | undefined>,
): z.infer<z.ZodObject<Shape>> {
  const parsed = schema.safeParse(environment)
  if (parsed.success) return parsed.data
  const complaints = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new PipelineError('CONFIG_INVALID', complaints.join('; '))
}
