// What may be kept of an answer: of most nothing, of some as long as the server says that it is still the same.
import type { MiddlewareHandler } from 'hono'
import { etag } from 'hono/etag'

/**
 * Answers that change seldom, or are large beside what changes. A client that shows the tag of what it has gets a 304
 * without a body. The others carry the time of the server, so no two of them are the same.
 */
export const revalidated = [
  '/api/openapi.json',
  '/api/events',
  '/api/dead-letters',
  '/api/dead-letters/groups',
  '/api/figures',
  '/api/throughput',
  '/api/erasures',
]

export function revalidate(): MiddlewareHandler {
  const tag = etag()
  return async function revalidate(c, next) {
    if (c.req.method !== 'GET') return next()
    const answer = await tag(c, next)
    if (c.res.ok || c.res.status === 304) c.res.headers.set('cache-control', 'private, no-cache')
    return answer
  }
}

/** For whatever the API says nothing else of. */
export function keepNothing(): MiddlewareHandler {
  return async function keepNothing(c, next) {
    await next()
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  }
}
