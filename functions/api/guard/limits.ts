// How much may be written, and how often: by all clients together, since behind a proxy they share one address.
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { PipelineError } from '../../errors.ts'
import { respondWithProblem } from '../problem.ts'
import { isWriteMethod } from './host.ts'

/** Of any request. Lambda takes 6 MB, and a thousand events of the shop are 200 KB. */
export const bodyBytesMax = 1_000_000

/** Seconds of writing that may come at once after a pause. */
const burstSeconds = 2

export function limitBody(bytesMax: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: bytesMax,
    onError: (c) => respondWithProblem(c, new PipelineError('BODY_TOO_LARGE', `expected at most ${bytesMax} bytes`)),
  })
}

/** Lets so many writes through in a second; the others are told to come again. `now` in ms. */
export function limitWrites(perSecondMax: number, now: () => number): MiddlewareHandler {
  const take = tokenBucket(perSecondMax, now)
  return async function limitWrites(c, next) {
    if (isWriteMethod(c.req.method) && !take())
      throw new PipelineError('RATE_LIMITED', `at most ${perSecondMax} writes a second`)
    await next()
  }
}

/** False when nothing is left. The bucket holds what comes in two seconds, and is full at first. */
function tokenBucket(perSecond: number, now: () => number): () => boolean {
  const full = perSecond * burstSeconds
  let left = full
  let filledMs = now()
  return () => {
    const ms = now()
    // The clock may be set back; then nothing flows in until it is ahead again.
    left = Math.min(full, left + (Math.max(0, ms - filledMs) * perSecond) / 1000)
    filledMs = ms
    if (left < 1) return false
    left--
    return true
  }
}
