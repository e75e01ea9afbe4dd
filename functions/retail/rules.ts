// The shop's rules as environment variables: how `rules` of `infra/pipeline.ts` reaches the functions.
import { z } from 'zod'

/** The variables' part of a function's environment schema. */
export const retailVariables = {
  /** The largest amount that is believed, in dollars. */
  AMOUNT_MAX: z.coerce.number().positive(),
  /** Joined by commas. */
  NOISE_EVENT_TYPES: z.string().transform((list) => list.split(',').filter(Boolean)),
  /** Users below this are test traffic. */
  NOISE_USER_ID_BELOW: z.coerce.number().int(),
}
