// The API's parts from an environment: the same for Lambda and for the local server.
import { z } from 'zod'
import { withSecrets } from '../aws/secrets.ts'
import { eventRulesOf } from '../business.ts'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openPublisher } from '../kafka/publish.ts'
import { abandonmentRulesOf, abandonmentVariables } from '../retail/abandonment/rules.ts'
import { openStore } from '../store/open.ts'
import { tokenSchema } from './guard/access.ts'
import { recordReader } from './journey/read-record.ts'
import type { ApiParts } from './parts.ts'

const variables = z.object({
  STORE_URL: z.string().min(1),
  CONSUMER_GROUP_ID: z.string().min(1),
  TOPIC: z.string().min(1),
  ALARM_LAG_SECONDS_MAX: z.coerce.number().positive(),
  ALARM_ERROR_RATE_MAX: z.coerce.number().positive(),
  ALARM_NEWEST_EVENT_AGE_SECONDS_MAX: z.coerce.number().positive(),
  BUSINESS_TIME_ZONE: z.string().refine(isTimeZone, 'expected a time zone such as Australia/Sydney').default('UTC'),
  /** Asked of everybody but for health; without it the API serves its own machine alone. */
  API_TOKEN: tokenSchema.optional(),
  /** Names by which the server may be called, joined by commas; plain addresses always may. */
  API_HOSTS: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .optional(),
  API_WRITES_PER_SECOND_MAX: z.coerce.number().int().positive().optional(),
  LAG_SAMPLE_PERIOD_MS: z.coerce.number().int().positive().default(60_000),
})

const abandonmentSchema = z.object({
  ABANDONMENT_GROUP_ID: z.string().min(1),
  OFFERS_TOPIC: z.string().min(1),
  ...abandonmentVariables,
})

/**
 * Opens the store and makes a publisher, which connects at its first message.
 *
 * @throws PipelineError CONFIG_INVALID, and what the store's opening throws
 */
export async function openParts(
  environment: Record<string, string | undefined>,
): Promise<{ parts: Omit<ApiParts, 'streams'>; close(): Promise<void> }> {
  const read = readEnvironment(variables, await withSecrets(environment))
  const kafka = await kafkaConfig(environment)
  const publisher = openPublisher(kafka)
  const store = await openStore(read.STORE_URL)
  const parts = {
    store,
    publish: publisher.publish,
    readRecord: recordReader(kafka),
    now: Date.now,
    group: read.CONSUMER_GROUP_ID,
    topic: read.TOPIC,
    rules: eventRulesOf(environment),
    thresholds: {
      lagSeconds: read.ALARM_LAG_SECONDS_MAX,
      errorRate: read.ALARM_ERROR_RATE_MAX,
      newestEventAgeSeconds: read.ALARM_NEWEST_EVENT_AGE_SECONDS_MAX,
    },
    timeZone: read.BUSINESS_TIME_ZONE,
    samplePeriodMs: read.LAG_SAMPLE_PERIOD_MS,
    abandonment: abandonmentOf(environment),
    token: read.API_TOKEN,
    allowedHosts: read.API_HOSTS,
    writesPerSecondMax: read.API_WRITES_PER_SECOND_MAX,
  }
  return {
    parts,
    async close() {
      await publisher.close()
      await store.close()
    },
  }
}

function abandonmentOf(environment: Record<string, string | undefined>): ApiParts['abandonment'] {
  if (!environment.ABANDONMENT_GROUP_ID) return undefined
  const read = readEnvironment(abandonmentSchema, environment)
  return { group: read.ABANDONMENT_GROUP_ID, offersTopic: read.OFFERS_TOPIC, rules: abandonmentRulesOf(read) }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}
