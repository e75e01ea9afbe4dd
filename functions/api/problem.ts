// Errors as RFC 9457 problems: a stable code, what was expected, and never what lies underneath.
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type ErrorCode, PipelineError } from '../errors.ts'
import { problemSchema } from './schemas.ts'

/** Codes whose message was written for a client of the API; of all others a client sees the hint alone. */
const statuses: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  QUERY_INVALID: 400,
  BODY_INVALID: 400,
  TOKEN_REQUIRED: 401,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  ROUTE_UNKNOWN: 404,
  DEAD_LETTER_UNKNOWN: 404,
  REDRIVE_UNKNOWN: 404,
  GROUP_IN_USE: 409,
  REDRIVE_RUNNING: 409,
  BODY_TOO_LARGE: 413,
  CONTENT_TYPE_REFUSED: 415,
  EVENTS_REFUSED: 422,
  REDRIVE_REFUSED: 422,
  RATE_LIMITED: 429,
  LISTENERS_FULL: 503,
  SECRET_UNAVAILABLE: 503,
}

/** What an unavailable store or broker, or a limit, asks a client to wait, seconds. */
const retryAfterSeconds = '1'

export interface Problem {
  type: string
  title: string
  status: ContentfulStatusCode
  code: ErrorCode
  detail: string
}

export function problemOf(error: unknown): Problem {
  const { code, detail } = explain(error)
  return {
    type: `urn:freshet:problem:${code}`,
    title: titleOf(code),
    status: statusOf(code),
    code,
    detail,
  }
}

/** `more` stands beside the problem's own members, as RFC 9457 allows. */
export function respondWithProblem(c: Context, error: unknown, more: Record<string, unknown> = {}): Response {
  const problem = problemOf(error)
  return c.body(JSON.stringify({ ...problem, ...more }), problem.status, problemHeaders(problem.status))
}

export function problemHeaders(status: number): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(status === 503 || status === 429 ? { 'retry-after': retryAfterSeconds } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="freshet"' } : {}),
  }
}

/** The responses of a route's OpenAPI description for these statuses. */
export function problemResponses<Status extends number>(...listed: Status[]) {
  const response = { description: 'Problem', content: { 'application/problem+json': { schema: problemSchema } } }
  return Object.fromEntries(listed.map((status) => [status, response])) as Record<Status, typeof response>
}

function explain(error: unknown): { code: ErrorCode; detail: string } {
  // The library's own: the body of a route that takes JSON is none.
  if (error instanceof HTTPException && error.status === 400) {
    return explain(new PipelineError('BODY_INVALID', 'the body is not JSON', { hint: 'See /api/openapi.json.' }))
  }
  // Node's word for a client that goes away while it sends.
  if ((error as { code?: unknown } | null)?.code === 'ECONNRESET') {
    return explain(new PipelineError('BODY_INVALID', 'the body broke off'))
  }
  if (!(error instanceof PipelineError)) return { code: 'INTERNAL', detail: 'The server failed; its log says how.' }
  if (statuses[error.code] === undefined) return { code: error.code, detail: error.hint }
  return { code: error.code, detail: `${error.message.slice(error.code.length + 2)}. ${error.hint}` }
}

function statusOf(code: ErrorCode): ContentfulStatusCode {
  const status = statuses[code]
  if (status !== undefined) return status
  return code.startsWith('STORE_') || code.startsWith('KAFKA_') ? 503 : 500
}

/** STORE_BUSY -> Store busy */
function titleOf(code: ErrorCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
