// The API as one Hono app: Lambda, the local server and the tests all call this very object.
import { OpenAPIHono, type z } from '@hono/zod-openapi'
import { Registry } from 'prom-client'
import { PipelineError } from '../errors.ts'
import { mountDescription } from './describe.ts'
import { accessBy, requireToken } from './guard/access.ts'
import { keepNothing, revalidate, revalidated } from './guard/caching.ts'
import { addSecurityHeaders } from './guard/headers.ts'
import { checkContentType, checkHost, checkOrigin } from './guard/host.ts'
import { bodyBytesMax, limitBody, limitWrites } from './guard/limits.ts'
import { askToSignIn, mountSignIn, takeTokenFromAddress } from './guard/sign-in.ts'
import { LiveHub } from './live/hub.ts'
import { ownMetrics } from './metrics/http.ts'
import type { ApiParts } from './parts.ts'
import { problemOf, respondWithProblem } from './problem.ts'
import { openReadings } from './readings/readings.ts'
import { mountAbandonment } from './routes/abandonment.ts'
import { mountAlerts } from './routes/alerts.ts'
import { mountDeadLetterWork } from './routes/dead-letter-work.ts'
import { mountDeadLetters } from './routes/dead-letters.ts'
import { mountEvents } from './routes/events.ts'
import { mountExports } from './routes/exports.ts'
import { mountFigures } from './routes/figures.ts'
import { mountHealth } from './routes/health.ts'
import { mountLag } from './routes/lag.ts'
import { mountLive } from './routes/live.ts'
import { mountMetrics } from './routes/metrics.ts'
import { mountPublish } from './routes/publish.ts'
import { mountRecords } from './routes/records.ts'
import { mountRedrives } from './routes/redrives.ts'
import { mountSummary } from './routes/summary.ts'
import { mountThroughput } from './routes/throughput.ts'
import { mountUsers } from './routes/users.ts'

/**
 * The API over these parts. Other routes (a page's files, a local cloud's own) may be mounted on it afterwards; they are
 * guarded alike.
 */
export function createApp(given: ApiParts): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw new PipelineError('QUERY_INVALID', complaint(result.error))
    },
  })
  app.onError((error, c) => {
    if (problemOf(error).status === 500) (given.onError ?? console.error)(error)
    return askToSignIn(c, error) ?? respondWithProblem(c, error)
  })
  app.notFound((c) => respondWithProblem(c, new PipelineError('ROUTE_UNKNOWN', `${c.req.method} ${c.req.path}`)))
  const registry = new Registry()
  const metrics = ownMetrics(registry)
  app.use(metrics.watch)
  guard(app, given)

  const parts = { ...given, store: metrics.timed(given.store) }
  const { store, group, now } = parts
  const readings = openReadings(parts)
  const liveParts = { store, group, now, readings }
  mountHealth(app, readings)
  mountSummary(app, readings)
  mountEvents(app, parts)
  mountExports(app, parts)
  mountThroughput(app, readings, parts)
  mountFigures(app, parts)
  mountAbandonment(app, parts)
  mountDeadLetters(app, parts)
  mountLag(app, readings)
  const hub = parts.streams ? new LiveHub(liveParts) : undefined
  mountLive(app, liveParts, hub)
  metrics.countListeners(() => hub?.listeners ?? 0)
  mountMetrics(app, { ...parts, registry }, readings)
  mountAlerts(app, readings, parts)
  mountPublish(app, parts)
  mountUsers(app, parts)
  mountRecords(app, parts)
  mountDeadLetterWork(app, parts)
  mountRedrives(app, parts)
  mountDescription(app)
  return app
}

/** What every request has to pass before any route is asked, in this order. */
function guard(app: OpenAPIHono, { token, allowedHosts, writesPerSecondMax = 200, now }: ApiParts): void {
  const access = token === undefined ? undefined : accessBy(token, now)
  app.use(addSecurityHeaders())
  if (allowedHosts) app.use(checkHost(allowedHosts))
  app.use(checkOrigin())
  mountSignIn(app, access, now)
  if (access) app.use(takeTokenFromAddress(access), requireToken(access))
  app.use(checkContentType(), limitWrites(writesPerSecondMax, now), limitBody(bodyBytesMax))
  app.use('/api/*', keepNothing())
  for (const path of revalidated) app.use(path, revalidate())
}

/** What was expected, by name; never what came. */
function complaint(error: z.core.$ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}
