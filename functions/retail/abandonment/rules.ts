// What counts as an abandoned cart and as a spike of them: values of `infra/pipeline.ts`, and how they reach functions.
import { z } from 'zod'

export interface AbandonmentRules {
  /** A cart without a purchase for this long is abandoned: N of the documentation, by the events' own time. */
  abandonMs: number
  /** How far behind the newest record of its partition an event may be and still count. */
  latenessMs: number
  /** Carts are counted by windows of this length. */
  windowMs: number
  /** The recent past is these many closed windows at most. */
  recentWindows: number
  /** The baseline is made of these many windows before the recent ones. */
  baselineWindows: number
  /** A share of fewer carts than this says nothing. */
  cartsMin: number
  /** Baseline blocks of at least `cartsMin` carts that are needed before anything is judged. */
  blocksMin: number
  /** A spike begins this many standard deviations above the baseline… */
  openScore: number
  /** …and by at least this share of all carts. */
  openRise: number
  /** It is over when the score stayed below this… */
  closeScore: number
  /** …for this many windows. */
  closeWindows: number
  /** A share that stayed high for this long is how things are now: the incident ends and the baseline is learned anew. */
  incidentMsMax: number
}

/** What depends on neither the shop nor the stage. docs/abandonment.md explains each. */
const fixedRules = {
  recentWindows: 3,
  baselineWindows: 90,
  cartsMin: 20,
  blocksMin: 6,
  openScore: 6,
  openRise: 0.15,
  closeScore: 2,
  closeWindows: 3,
}

const ms = z.coerce.number().int().positive()

/** The variables' part of a function's environment schema. */
export const abandonmentVariables = {
  ABANDON_AFTER_MS: ms,
  ABANDON_LATENESS_MS: ms,
  ABANDON_WINDOW_MS: ms,
}

export function abandonmentRulesOf(variables: z.infer<z.ZodObject<typeof abandonmentVariables>>): AbandonmentRules {
  const windowMs = variables.ABANDON_WINDOW_MS
  return {
    ...fixedRules,
    abandonMs: variables.ABANDON_AFTER_MS,
    latenessMs: variables.ABANDON_LATENESS_MS,
    windowMs,
    incidentMsMax: windowMs * 8 * fixedRules.baselineWindows,
  }
}
