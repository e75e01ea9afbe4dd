// Questions to the API in plain JSON: asked, answered, or refused with the API's own code.

/** A small answer that takes longer is treated as lost. */
const answerMsMax = 8_000

/** An answer that is no success. `code` is the API's own, if it gave one. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string | null
  /** What the API says was wrong, for people. */
  readonly detail: string | null
  /** The whole body, where it is JSON. */
  readonly body: unknown

  constructor(status: number, body: unknown) {
    const problem = (body ?? {}) as { code?: unknown; detail?: unknown }
    const code = typeof problem.code === 'string' ? problem.code : null
    super(`the API answered ${status}${code ? ` ${code}` : ''}`)
    this.status = status
    this.code = code
    this.detail = typeof problem.detail === 'string' ? problem.detail : null
    this.body = body
  }
}

/** @throws ApiError; what fetch throws when there was no answer */
export async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(answerMsMax) })
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as T
}

/** @throws ApiError; what fetch throws when there was no answer */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerMsMax),
  })
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as T
}

export async function refusal(response: Response): Promise<ApiError> {
  return new ApiError(response.status, await response.json().catch(() => null))
}

/** What to tell a person of a question that was not answered as hoped. */
export function complaint(error: unknown): string {
  if (error instanceof ApiError) return error.detail ?? error.message
  return 'The server did not answer.'
}
