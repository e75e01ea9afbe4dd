// By which names this server may be called, and from which pages it may be written to.
import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import { PipelineError } from '../../errors.ts'

/**
 * Refuses host names other than these, so that a foreign page cannot reach a server by a name of its own that resolves
 * to the server's address (DNS rebinding). A plain address needs no name and cannot be rebound: it is answered.
 */
export function checkHost(allowedNames: string[]): MiddlewareHandler {
  const allowed = new Set(allowedNames.map((name) => name.toLowerCase()))
  return async function checkHost(c, next) {
    const name = hostOf(c).replace(/:\d*$/, '').toLowerCase()
    if (!allowed.has(name) && isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0) {
      throw new PipelineError('HOST_REFUSED', 'the host of the request is not known here')
    }
    await next()
  }
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS']

export function isWriteMethod(method: string): boolean {
  return !safeMethods.includes(method)
}

/** Refuses writes that a page of another site sends. */
export function checkOrigin(): MiddlewareHandler {
  return async function checkOrigin(c, next) {
    if (isWriteMethod(c.req.method) && !isSameSite(c))
      throw new PipelineError('ORIGIN_REFUSED', 'the request comes from another site')
    await next()
  }
}

const jsonType = /^(application|text)\/([\w.-]+\+)?(json|x-ndjson|ndjson|jsonl)\s*(;|$)/i

/** Refuses bodies of the types that a page may send anywhere without the browser asking first. */
export function checkContentType(): MiddlewareHandler {
  return async function checkContentType(c, next) {
    const type = c.req.header('content-type')
    if (isWriteMethod(c.req.method) && type !== undefined && !jsonType.test(type)) {
      throw new PipelineError('CONTENT_TYPE_REFUSED', 'expected JSON or NDJSON')
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
