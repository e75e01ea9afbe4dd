// How a browser comes to its cookie: a small form, or an address that carries the token once.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { PipelineError } from '../../errors.ts'
import { problemResponses } from '../problem.ts'
import type { Access } from './access.ts'
import { limitBody, limitWrites } from './limits.ts'
import { signInPage, signInPolicy } from './sign-in-page.ts'

const formBytesMax = 4_096
const triesPerSecondMax = 5

const page = { description: 'A form for people', content: { 'text/html': { schema: z.string() } } }
const redirect = {
  description: 'Signed in: on to the page',
  headers: { location: { schema: { type: 'string' as const } } },
}
const toQuery = z.object({ to: z.string().max(2000).optional().describe('where to go then: a path of this server') })

const formRoute = createRoute({
  method: 'get',
  path: '/api/sign-in',
  summary: 'A form that takes the token; with ?token= it is taken at once',
  security: [],
  request: { query: toQuery.extend({ token: z.string().max(500).optional() }) },
  responses: { 200: page, 303: redirect, 401: page, ...problemResponses(400, 403) },
})

const signInRoute = createRoute({
  method: 'post',
  path: '/api/sign-in',
  summary: 'Exchanges the token for a cookie that only this server reads, for a week',
  security: [],
  request: {
    query: toQuery,
    body: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': { schema: z.object({ token: z.string().max(500) }) as never },
      },
    },
  },
  responses: { 303: redirect, 401: page, ...problemResponses(400, 403, 413, 429) },
})

/** Without a token there is nothing to sign in to: the form leads straight to the page. */
export function mountSignIn(app: OpenAPIHono, access: Access | undefined, now: () => number): void {
  app.use('/api/sign-in', limitWrites(triesPerSecondMax, now), limitBody(formBytesMax))
  // What a form sends is read by hand: the library would validate, and answer in another way than for people.
  app.openAPIRegistry.registerPath(signInRoute)
  app.openapi(formRoute, async (c) => {
    const { to, token } = c.req.valid('query')
    if (token !== undefined || access === undefined) return (await exchange(c, access, token ?? '', to)) as never
    return ask(c, 200, to) as never
  })
  app.post('/api/sign-in', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    return exchange(c, access, form.get('token')?.trim() ?? '', c.req.query('to'))
  })
}

/** Takes `?token=` off any page's address, so that it neither stays in the address bar nor in the history. */
export function takeTokenFromAddress(access: Access): MiddlewareHandler {
  return async function takeTokenFromAddress(c, next) {
    const token = c.req.query('token')
    if (c.req.method !== 'GET' || token === undefined || c.req.path.startsWith('/api/')) return next()
    const address = new URL(c.req.url)
    address.searchParams.delete('token')
    return exchange(c, access, token, `${address.pathname}${address.search}`)
  }
}

/** The answer to who may not pass: the form for people, a problem for programs. */
export function askToSignIn(c: Context, error: unknown): Response | Promise<Response> | undefined {
  const isRefused = error instanceof PipelineError && error.code === 'TOKEN_REQUIRED'
  if (!isRefused || c.req.method !== 'GET' || !c.req.header('accept')?.includes('text/html')) return undefined
  const { pathname, search } = new URL(c.req.url)
  return ask(c, 401, pathname + search)
}

async function exchange(c: Context, access: Access | undefined, token: string, to?: string): Promise<Response> {
  if (access !== undefined) {
    if (!access.isToken(token)) return ask(c, 401, to, 'That is not the token.')
    await access.signIn(c)
  }
  c.header('cache-control', 'no-store')
  return c.redirect(pathOf(to), 303)
}

function ask(c: Context, status: 200 | 401, to: string | undefined, complaint = ''): Response | Promise<Response> {
  c.header('content-security-policy', signInPolicy)
  c.header('cache-control', 'no-store')
  return c.html(signInPage(pathOf(to), complaint), status)
}

/** A path of this server; whatever could lead elsewhere becomes its page. */
function pathOf(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[!-~]*$/.test(to) && !to.startsWith('/api/sign-in') ? to : '/'
}
