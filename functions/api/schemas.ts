// The API's answers as zod schemas: the routes validate by them, OpenAPI is made from them, and the page's types are theirs.
import { z } from '@hono/zod-openapi'
import { business } from '../business.ts'

const { words } = business

/** A place in the store's one sequence of commits, as text. Lists and the live stream share it. */
const cursor = z.string().regex(/^\d{1,16}$/)

export const eventSchema = z
  .object({
    seq: z.int(),
    event_id: z.string(),
    event_type: z.string().describe(words.event_type),
    user_id: z.int().describe(words.user_id),
    product_id: z.int().nullable().describe(words.product_id),
    amount: z.number().describe(words.amount),
    region: z.string().nullable().describe(words.region),
    timestamp: z.string().describe('ISO 8601, UTC'),
    processed_at: z.string().describe('ISO 8601, UTC: when it was stored'),
    amount_bucket: z.string().describe(words.amount_bucket),
    is_revenue_event: z.boolean().describe(words.is_revenue_event),
    topic: z.string(),
    partition: z.int(),
    offset: z.int(),
    record_ms: z.number().describe("the record's Kafka timestamp, ms"),
    extra: z.record(z.string(), z.unknown()).nullable(),
  })
  .openapi('Event')

export const deadLetterSchema = z
  .object({
    id: z.int(),
    code: z.string(),
    reason: z.string(),
    topic: z.string(),
    partition: z.int(),
    offset: z.int(),
    record_ms: z.number(),
    arrived_at: z.string().describe('ISO 8601, UTC'),
    key: z.string().nullable().describe('base64'),
    raw: z.string().nullable().describe('base64 of the record as it came; null is a tombstone'),
    text: z.string().nullable().describe('the first 2,000 characters as UTF-8, for people'),
    state: z.enum(['open', 'resolved', 'discarded']),
    attempts: z.int().describe('how often its record was sent again'),
  })
  .openapi('DeadLetter')

/** As it came; what became of it since is not live. */
export const liveDeadLetterSchema = deadLetterSchema.omit({ raw: true, key: true, state: true, attempts: true })

export const accountSchema = z
  .object({
    group: z.string(),
    topic: z.string(),
    partition: z.int(),
    epoch: z.int(),
    startOffset: z.int(),
    nextOffset: z.int(),
    stored: z.int(),
    duplicates: z.int(),
    noise: z.int(),
    deadLetters: z.int(),
    redelivered: z.int(),
    unseen: z.int().describe('offsets below the committed one that are neither accounted nor explained'),
    explained: z
      .record(z.string(), z.int())
      .describe('offsets that are not accounted, by why: control, aborted, compacted, retention, reset'),
  })
  .openapi('Account')

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'unbalanced', 'unknown']),
    balanced: z.boolean(),
    complaints: z.array(z.string()),
    sweptAt: z.string().nullable(),
    sampledAt: z.string().nullable(),
    accounts: z.array(accountSchema),
    formerAccounts: z.array(accountSchema),
  })
  .openapi('Health')

export const summarySchema = z
  .object({
    now: z.number().describe('ms, the clock of the server'),
    events: z.int().describe('in all'),
    deadLetters: z.int().describe('in all'),
    eventsPerSecond: z.number().describe('newly stored over the last 10 whole seconds'),
    errorRate: z.number().nullable().describe('over 5 minutes, 0 to 1; null when nothing arrived'),
    lag: z.object({
      messages: z.int().nullable(),
      seconds: z.number().nullable(),
      atLeast: z.boolean().describe('true when the samples do not reach back far enough'),
    }),
    newestEventAgeMs: z.number().nullable(),
    sampledAt: z.number().nullable().describe('ms: the newest lag sample'),
    samplePeriodMs: z.number(),
    balanced: z.boolean(),
    complaints: z.array(z.string()),
    thresholds: z.object({ lagSeconds: z.number(), errorRate: z.number(), newestEventAgeSeconds: z.number() }),
  })
  .openapi('Summary')

export const bucketSchema = z
  .object({
    at: z.string().describe('ISO 8601, UTC: the beginning of the second'),
    events: z.int(),
    deadLetters: z.int(),
  })
  .openapi('ThroughputBucket')

export const throughputSchema = z.object({ buckets: z.array(bucketSchema) }).openapi('Throughput')

export const lagPartitionSchema = z.object({
  partition: z.int(),
  endOffset: z.int(),
  committedOffset: z.int().nullable(),
  messages: z.int(),
  seconds: z.number().nullable(),
  lost: z.int().describe('messages that retention took before they were read'),
  messagesPerSecond: z
    .number()
    .nullable()
    .optional()
    .describe('how fast the backlog grows, or shrinks below 0; null while nobody can tell'),
  etaSeconds: z.number().nullable().optional().describe('until it is done at this rate; null when it does not shrink'),
})

export const lagSchema = z
  .object({
    sampledAt: z.number().nullable(),
    groups: z.array(z.object({ group: z.string(), topic: z.string(), partitions: z.array(lagPartitionSchema) })),
  })
  .openapi('Lag')

export const searchedSchema = z
  .object({
    backTo: z
      .string()
      .nullable()
      .describe(
        'ISO 8601, UTC: everything between here and where the search began was looked at; null: all that is kept',
      ),
    isEnd: z.boolean().describe('false: go on from the cursor'),
  })
  .describe('only where a filter was given: how far it was looked')
  .openapi('Searched')

export const eventsPageSchema = z
  .object({ events: z.array(eventSchema), cursor, searched: searchedSchema.optional() })
  .openapi('EventsPage')
export const deadLettersPageSchema = z
  .object({ deadLetters: z.array(deadLetterSchema), cursor, searched: searchedSchema.optional() })
  .openapi('DeadLettersPage')

/** One message of the live stream. */
export const liveMessageSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('event'), event: eventSchema }),
    z.object({ type: z.literal('dead-letter'), deadLetter: liveDeadLetterSchema }),
    z.object({ type: z.literal('summary'), summary: summarySchema }),
    z.object({ type: z.literal('lag'), lag: lagSchema }),
    /** Whole seconds since the last such message, the running one included: replace by `at`. */
    z.object({ type: z.literal('throughput'), buckets: z.array(bucketSchema) }),
    /** The cursor is older than what is kept, or from another store: start anew from `to`. */
    z.object({ type: z.literal('gap'), from: cursor, to: cursor }),
  ])
  .openapi('LiveMessage')

/** What one SSE event, or one poll, carries: everything up to `cursor`, of which `skipped` rows were not sent. */
export const liveSchema = z
  .object({ cursor, now: z.number(), skipped: z.int(), messages: z.array(liveMessageSchema) })
  .openapi('Live')

export const publishResultSchema = z
  .object({
    accepted: z.int(),
    rejected: z.int(),
    results: z.array(
      z.union([
        z.object({ index: z.int(), partition: z.int(), offset: z.int() }),
        z.object({ index: z.int(), error: z.string() }),
      ]),
    ),
  })
  .openapi('PublishResult')

/** RFC 9457; `code` stands in docs/errors.md. */
export const problemSchema = z
  .object({ type: z.string(), title: z.string(), status: z.int(), code: z.string(), detail: z.string().optional() })
  .openapi('Problem')

export type EventRow = z.infer<typeof eventSchema>
export type DeadLetterRow = z.infer<typeof deadLetterSchema>
export type LiveDeadLetter = z.infer<typeof liveDeadLetterSchema>
export type Searched = z.infer<typeof searchedSchema>
export type AccountRow = z.infer<typeof accountSchema>
export type Health = z.infer<typeof healthSchema>
export type Summary = z.infer<typeof summarySchema>
export type Bucket = z.infer<typeof bucketSchema>
export type Lag = z.infer<typeof lagSchema>
export type LiveMessage = z.infer<typeof liveMessageSchema>
export type Live = z.infer<typeof liveSchema>
export type PublishResult = z.infer<typeof publishResultSchema>
