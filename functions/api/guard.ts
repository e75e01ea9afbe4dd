// What every request must be and every answer must carry, before any route is asked.
import type { Context, MiddlewareHandler } from 'hono'
import { PipelineError } from '../errors.ts'

/** Everything the page needs is of its own origin; nothing is inline, and nobody may frame it. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ')

export const securityHeaders: Record<string, string> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

export function addSecurityHeaders(): MiddlewareHandler {
  return async function addSecurityHeaders(c, next) {
    await next()
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    }
  }
}

/**
 * Refuses hosts by other names than these, so that a foreign page cannot reach a local server by a name of its own that
 * resolves to 127.0.0.1 (DNS rebinding).
 */
export function checkHost(allowedHosts: string[]): MiddlewareHandler {
  return async function checkHost(c, next) {
    const name = hostOf(c).replace(/:\d+$/, '').toLowerCase()
    if (!allowedHosts.includes(name))
      throw new PipelineError('HOST_REFUSED', 'the host of the request is not known here')
    await next()
  }
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS']
const jsonType = /^(application|text)\/([\w.-]+\+)?(json|x-ndjson|ndjson|jsonl)\s*(;|$)/i

/** Refuses writes that a page of another site could send without the browser asking first. */
export function checkWrites(): MiddlewareHandler {
  return async function checkWrites(c, next) {
    if (!safeMethods.includes(c.req.method)) {
      if (!isSameSite(c)) throw new PipelineError('ORIGIN_REFUSED', 'the request comes from another site')
      const type = c.req.header('content-type')
      if (type !== undefined && !jsonType.test(type)) {
        throw new PipelineError('CONTENT_TYPE_REFUSED', 'expected JSON or NDJSON')
      }
    }
    await next()
  }
}

/**
 * Browsers say themselves where a request comes from (Sec-Fetch-Site), but not to plain addresses of a network; there
 * the origin must be the host. Clients that are no browsers send neither.
 */
function isSameSite(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = c.req.header('origin')
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === hostOf(c))
}

function hostOf(c: Context): string {
  return c.req.header('host') ?? new URL(c.req.url).host
}
