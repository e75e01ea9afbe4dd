// The business that this pipeline is for: another one is another folder, and its name here.
import { z } from 'zod'
import { readEnvironment } from './environment.ts'
import type { EventRules } from './events/business.ts'
import { retail } from './retail/business.ts'

export const business = retail

const variables = z.object({
  FUTURE_MS_MAX: z.coerce.number().int().positive(),
  JSON_DEPTH_MAX: z.coerce.number().int().positive().max(1000),
  ...business.variables,
})

/**
 * The rules by which records are judged, from the values of `infra/pipeline.ts`.
 *
 * @throws PipelineError CONFIG_INVALID
 */
export function eventRulesOf(environment: Record<string, string | undefined>): EventRules {
  const values = readEnvironment(variables, environment)
  return { futureMsMax: values.FUTURE_MS_MAX, depthMax: values.JSON_DEPTH_MAX, ...business.rulesOf(values) }
}
