// The API as Lambda runs it, behind a function URL or an API Gateway.
import { handle, type LambdaEvent } from 'hono/aws-lambda'
import { openOnce } from '../open-once.ts'
import { createApp } from './app.ts'
import { checkExposure } from './guard/access.ts'
import { securityHeaders } from './guard/headers.ts'
import { openParts } from './open-parts.ts'
import { problemHeaders, problemOf } from './problem.ts'

type Handler = ReturnType<typeof handle>

const open = openOnce(async (): Promise<Handler> => {
  const { parts } = await openParts(process.env)
  checkExposure('a function behind an address', parts.token)
  // Lambda answers in one piece and bills every second of it: the page polls there.
  return handle(createApp({ ...parts, streams: false }))
})

/** Never throws: what the API is made of may be away, and then the answer says so. */
export async function handler(event: LambdaEvent): Promise<unknown> {
  try {
    const answer = await open()
    return await answer(event)
  } catch (error) {
    console.error(error)
    const problem = problemOf(error)
    const headers = { ...securityHeaders, ...problemHeaders(problem.status) }
    return { statusCode: problem.status, headers, body: JSON.stringify(problem), isBase64Encoded: false }
  }
}
