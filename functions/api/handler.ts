// The API as Lambda runs it, behind a function URL or an API Gateway.
import { handle, type LambdaEvent } from 'hono/aws-lambda'
import { z } from 'zod'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openPublisher } from '../kafka/publish.ts'
import { retailRulesOf, retailVariables } from '../retail/rules.ts'
import { openStore } from '../store/open.ts'
import { createApp } from './app.ts'
import { securityHeaders } from './guard.ts'
import type { ApiParts } from './parts.ts'
import { problemHeaders, problemOf } from './problem.ts'

/** The variables that every stage's API is made from, the local one's too. */
const variables = z.object({
  STORE_URL: z.string().min(1),
  CONSUMER_GROUP_ID: z.string().min(1),
  TOPIC: z.string().min(1),
  ALARM_LAG_SECONDS_MAX: z.coerce.number().positive(),
  ALARM_ERROR_RATE_MAX: z.coerce.number().positive(),
  ALARM_NEWEST_EVENT_AGE_SECONDS_MAX: z.coerce.number().positive(),
  LAG_SAMPLE_PERIOD_MS: z.coerce.number().int().positive().default(60_000),
  ...retailVariables,
})

type Handler = ReturnType<typeof handle>

let opening: Promise<Handler> | undefined

async function open(): Promise<Handler> {
  const environment = readEnvironment(variables, process.env)
  const parts: ApiParts = {
    store: await openStore(environment.STORE_URL),
    publish: openPublisher(await kafkaConfig()).publish,
    now: Date.now,
    group: environment.CONSUMER_GROUP_ID,
    topic: environment.TOPIC,
    rules: retailRulesOf(environment),
    thresholds: {
      lagSeconds: environment.ALARM_LAG_SECONDS_MAX,
      errorRate: environment.ALARM_ERROR_RATE_MAX,
      newestEventAgeSeconds: environment.ALARM_NEWEST_EVENT_AGE_SECONDS_MAX,
    },
    samplePeriodMs: environment.LAG_SAMPLE_PERIOD_MS,
    // Lambda answers in one piece and bills every second of it: the page polls there.
    streams: false,
  }
  return handle(createApp(parts))
}

/** Never throws: what the API is made of may be away, and then the answer says so. */
export async function handler(event: LambdaEvent): Promise<unknown> {
  opening ??= open()
  try {
    const answer = await opening
    return await answer(event)
  } catch (error) {
    // The next request opens anew: an unreachable store is a fault of the world, not of this environment.
    opening = undefined
    console.error(error)
    const problem = problemOf(error)
    const headers = { ...securityHeaders, ...problemHeaders(problem.status) }
    return { statusCode: problem.status, headers, body: JSON.stringify(problem), isBase64Encoded: false }
  }
}
