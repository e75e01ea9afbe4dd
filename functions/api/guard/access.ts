// Who may ask: programs by the token in a header, browsers by a signed cookie that the token was exchanged for.
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
import { z } from 'zod'
import { PipelineError } from '../../errors.ts'

/** What a header can carry as it is, and nobody guesses. https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export const tokenSchema = z
  .string()
  .regex(/^[\w.~+/=-]{16,200}$/, 'expected 16 to 200 letters, digits or any of - . _ ~ + / =')

/** Answered to anybody: whether the pipeline is well is what load balancers and probes have to know. */
const openPath = '/api/health'

/**
 * The token in a header of our own. CloudFront signs what it asks of a function in `Authorization`, and replaces what a
 * program sent there. https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html
 */
const tokenHeader = 'x-freshet-token'

const cookieName = 'freshet'
const sessionSeconds = 7 * 24 * 60 * 60

export interface Access {
  /** Takes the same time whatever the text. */
  isToken(text: string): boolean
  /** Gives the browser a cookie that stands for the token for a week. Nothing is kept here, so any process knows it. */
  signIn(c: Context): Promise<void>
  isSignedIn(c: Context): Promise<boolean>
}

/** `now` in ms. */
export function accessBy(token: string, now: () => number): Access {
  const digest = digestOf(token)
  // The cookie is signed with a key of its own: what is in it helps nobody to find the token.
  const secret = createHmac('sha256', token).update('freshet session').digest('base64')
  return {
    isToken: (text) => timingSafeEqual(digestOf(text), digest),
    async signIn(c) {
      const endMs = now() + sessionSeconds * 1000
      await setSignedCookie(c, cookieName, String(endMs), secret, {
        path: '/',
        httpOnly: true,
        sameSite: 'Strict',
        secure: isEncrypted(c),
        maxAge: sessionSeconds,
      })
    },
    async isSignedIn(c) {
      const endMs = await getSignedCookie(c, secret, cookieName)
      return typeof endMs === 'string' && Number(endMs) > now()
    },
  }
}

/** Lets those through who show the token, or the cookie that they got for it. */
export function requireToken(access: Access): MiddlewareHandler {
  return async function requireToken(c, next) {
    if (c.req.path !== openPath && !(await mayPass(access, c))) {
      throw new PipelineError('TOKEN_REQUIRED', 'the token is missing, or is not the one')
    }
    await next()
  }
}

async function mayPass(access: Access, c: Context): Promise<boolean> {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const shown = bearer ?? c.req.header(tokenHeader)
  return shown === undefined ? access.isSignedIn(c) : access.isToken(shown)
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

export function isLoopback(address: string): boolean {
  return loopback.test(address)
}

/**
 * Refuses to serve others than this machine without a token.
 *
 * @throws PipelineError TOKEN_UNSET
 */
export function checkExposure(address: string, token: string | undefined): void {
  if (token !== undefined || isLoopback(address)) return
  throw new PipelineError('TOKEN_UNSET', `${address} can be reached from other machines, and no token is set`)
}

/** Of one length, as timingSafeEqual wants it. */
function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** Where something in front ends the encryption, it says so. */
function isEncrypted(c: Context): boolean {
  return c.req.header('x-forwarded-proto') === 'https' || new URL(c.req.url).protocol === 'https:'
}
