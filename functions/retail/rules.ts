// The retail rules as environment variables: how the values of `infra/pipeline.ts` reach the functions.
import { z } from 'zod'
import type { RetailRules } from './classify.ts'

/** The variables' part of a function's environment schema. */
export const retailVariables = {
  AMOUNT_MAX: z.coerce.number().positive(),
  FUTURE_MS_MAX: z.coerce.number().int().positive(),
  JSON_DEPTH_MAX: z.coerce.number().int().positive().max(1000),
  NOISE_EVENT_TYPES: z.string().transform((list) => list.split(',').filter(Boolean)),
  NOISE_USER_ID_BELOW: z.coerce.number().int(),
}

export function retailRulesOf(variables: z.infer<z.ZodObject<typeof retailVariables>>): RetailRules {
  return {
    amountMax: variables.AMOUNT_MAX,
    futureMsMax: variables.FUTURE_MS_MAX,
    depthMax: variables.JSON_DEPTH_MAX,
    noise: { eventTypes: variables.NOISE_EVENT_TYPES, userIdBelow: variables.NOISE_USER_ID_BELOW },
  }
}
