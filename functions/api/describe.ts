// The API's description as OpenAPI: made from the routes, and what the guard may answer to any of them.
import type { OpenAPIHono } from '@hono/zod-openapi'
import { revalidated } from './guard/caching.ts'
import { isWriteMethod } from './guard/host.ts'
import { problemSchema } from './schemas.ts'

const description = {
  openapi: '3.1.0',
  info: { title: 'Freshet', version: '1', description: 'A real-time retail pipeline, as it stands.' },
}

/** Of every route: 401 where a token is set, 403 for foreign hosts and pages. */
const refusals = ['401', '403']
/** Of every write: too large, of another type than JSON, or too often. */
const writeRefusals = ['413', '415', '429']

const refusal = {
  description: 'Problem',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

const notModified = { description: 'What the client has, by its If-None-Match, is still the same' }

/** GET /api/openapi.json: to be mounted last, for it describes what is mounted. */
export function mountDescription(app: OpenAPIHono): void {
  const { registerComponent } = app.openAPIRegistry
  registerComponent.call(app.openAPIRegistry, 'securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  registerComponent.call(app.openAPIRegistry, 'securitySchemes', 'cookie', {
    type: 'apiKey',
    in: 'cookie',
    name: 'freshet',
    description: 'from /api/sign-in',
  })
  app.openAPIRegistry.register('Problem', problemSchema)
  let text: string | undefined
  app.get('/api/openapi.json', (c) => {
    text ??= JSON.stringify(describe(app))
    return c.body(text, 200, { 'content-type': 'application/json' })
  })
}

function describe(app: OpenAPIHono): object {
  const document = app.getOpenAPI31Document({ ...description, security: [{ bearer: [] }, { cookie: [] }] })
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(operations as Record<string, { responses?: object }>)) {
      const added = isWriteMethod(method.toUpperCase()) ? [...refusals, ...writeRefusals] : refusals
      const unchanged = method === 'get' && revalidated.includes(path) ? { 304: notModified } : {}
      operation.responses = {
        ...unchanged,
        ...Object.fromEntries(added.map((status) => [status, refusal])),
        ...operation.responses,
      }
    }
  }
  return document
}
