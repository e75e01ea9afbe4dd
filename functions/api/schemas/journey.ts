// A record's journey as the API tells it: what happened to the record of one offset, when, and what nobody knows any more.
import { z } from '@hono/zod-openapi'
import { deadLetterSchema, eventSchema } from '../schemas.ts'
import { attemptSchema } from './redrives.ts'

/** In the order in which a record meets them. */
export const journeyStepNames = ['produced', 'appended', 'delivered', 'settled', 'counted'] as const

export const journeyOutcomes = [
  /** An event row is kept. */
  'stored',
  /** A dead letter is kept. */
  'dead-letter',
  /** Counted, and nothing else: a type or a user that is no business. */
  'noise',
  /** Its event was stored from another record. */
  'duplicate',
  /** It had a row, which has gone with its age. */
  'expired',
  /** Its user was erased. */
  'erased',
  /** Accounted for, no row is kept, and nobody can say which of the four above it was. */
  'accounted',
  /** Passed on purpose: a marker of a transaction, compacted, gone by retention, left out by a filter. */
  'explained',
  /** The group has committed past it, and nobody accounted for it. */
  'unseen',
  /** In Kafka, and still to be read. */
  'waiting',
  /** Beyond the end of the log, as last sampled. */
  'not-written',
  /** The group has never read this partition, as far as the store knows. */
  'unknown',
] as const

export const journeyStepSchema = z
  .object({
    name: z
      .enum(journeyStepNames)
      .describe(
        'produced: made by its producer. appended: in Kafka. delivered: handed to the consumer. ' +
          'settled: stored, put aside, counted or explained. counted: in which figures it stands',
      ),
    state: z
      .enum(['done', 'open', 'unknown'])
      .describe('open: has not happened yet; unknown: may have, nobody kept it'),
    at: z.string().nullable().describe('ISO 8601, UTC; null where it is not known'),
    text: z.string().describe('one sentence for people'),
  })
  .openapi('JourneyStep')

export const journeySchema = z
  .object({
    group: z.string(),
    topic: z.string(),
    partition: z.int(),
    offset: z.int(),
    outcome: z.enum(journeyOutcomes),
    summary: z.string().describe('one sentence for people'),
    steps: z.array(journeyStepSchema).describe('always all five, in their order'),
    // Not nullable(): of a schema with a name the description would leave the null out.
    event: z.union([eventSchema, z.null()]).describe('as it is stored'),
    deadLetter: deadLetterSchema.omit({ raw: true, key: true }).nullable(),
    batch: z
      .object({
        at: z.string().describe("ISO 8601, UTC: the transaction's moment"),
        firstSeq: z.int(),
        lastSeq: z.int(),
        events: z.int().describe('rows of events that it stored and that are kept'),
        deadLetters: z.int().describe('and of dead letters'),
      })
      .nullable()
      .describe('the invocation that settled it: what was written in one transaction with it'),
    attempts: z
      .object({ count: z.int(), phase: z.string(), lastError: z.string().nullable(), nextAt: z.string().nullable() })
      .nullable()
      .describe('while the record is in flight on a local stage; null elsewhere and afterwards'),
    pastAttempts: z
      .object({ count: z.int().min(2), lastError: z.string().nullable() })
      .nullable()
      .describe(
        'how often its batch was tried, where a local stage has seen that once was not enough and remembers it',
      ),
    trail: z.array(attemptSchema).describe('how often its dead letter was sent again, the oldest first'),
    rollups: z
      .array(
        z.object({
          unit: z.enum(['second', 'minute', 'hour', 'day']),
          by: z.enum(['arrival', 'event time']),
          from: z.string(),
          to: z.string().describe('exclusive'),
        }),
      )
      .describe('the spans whose figures count it; empty unless a row is kept'),
    account: z
      .object({
        epoch: z.int(),
        startOffset: z.int(),
        nextOffset: z.int(),
        committedOffset: z.int().nullable(),
        endOffset: z.int().nullable(),
      })
      .nullable()
      .describe("the partition's account, and its offsets as last sampled"),
    unknown: z.array(z.string()).describe('sentences on what is not known, and why'),
  })
  .openapi('Journey')

export type Journey = z.infer<typeof journeySchema>
export type JourneyStep = z.infer<typeof journeyStepSchema>
export type JourneyOutcome = Journey['outcome']
