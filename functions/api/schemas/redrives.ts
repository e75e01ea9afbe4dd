// Dead letters as work, as the API shows them: groups by code, one with its trail, and redrives with their dry run.
import { z } from '@hono/zod-openapi'
import { deadLetterSchema, problemSchema } from '../schemas.ts'

/** Attempts that one dead letter may have. */
const attemptsMax = 5
export const recordsPerRedriveMax = 10_000
const textLengthMax = 200
/** A record's value may be a megabyte; all fixes of a request share its body's limit. */
const fixLengthMax = 1_000_000

const when = z.string().describe('ISO 8601, UTC')

export const deadLetterGroupSchema = z
  .object({
    code: z.string(),
    open: z.int().describe('neither resolved nor discarded'),
    resolved: z.int().describe('a redrive of theirs was stored, or turned out to be known'),
    discarded: z.int(),
    newest: z.object({ id: z.int(), reason: z.string(), arrived_at: when }).nullable().describe('the newest open one'),
  })
  .openapi('DeadLetterGroup')

export const deadLetterGroupsSchema = z
  .object({ groups: z.array(deadLetterGroupSchema).describe('most open ones first') })
  .openapi('DeadLetterGroups')

export const attemptSchema = z
  .object({
    number: z.int().min(1).describe(`1 to ${attemptsMax}`),
    redrive: z.int().nullable().describe('null where another consumer group redrove the record'),
    by: z.string().nullable(),
    issued_at: when,
    settled_at: when.nullable().describe('null until the consumer has met the record'),
    result: z.enum(['stored', 'duplicate', 'noise', 'failed']).nullable(),
    code: z.string().nullable().describe('why it failed again'),
    reason: z.string().nullable(),
  })
  .openapi('Attempt')

export const deadLetterCaseSchema = deadLetterSchema
  .extend({
    text: z.string().nullable().describe('the whole value as UTF-8, for people and to be edited'),
    is_utf8: z.boolean().describe('false: text shows other bytes as U+FFFD, and saving it would change them'),
    event_id: z.string().nullable().describe('the one that a fix has to keep; null when none can be read'),
    settled_at: when.nullable(),
    settled_by: z.string().nullable(),
    settled_why: z.string().nullable().describe('the reason that a person gave for discarding it'),
    in_flight: z.boolean().describe('its record was sent and has not come back yet'),
    attempts_left: z.int(),
    trail: z.array(attemptSchema).describe('the oldest first'),
  })
  .openapi('DeadLetterCase')

/** Exactly one of three. */
const selection = {
  ids: z.array(z.int().min(1)).min(1).max(recordsPerRedriveMax).optional(),
  code: z.string().min(1).max(50).optional().describe('all open ones of this code'),
  all: z.literal(true).optional().describe('all open ones'),
}
const isOneSelection = (body: { ids?: unknown; code?: unknown; all?: unknown }) =>
  [body.ids, body.code, body.all].filter((one) => one !== undefined).length === 1
const oneSelection = { error: 'expected exactly one of ids, code and all' }
const by = z.string().min(1).max(textLengthMax).default('the API').describe('who does it, for the trail')

export const redriveRequestSchema = z
  .object({
    dryRun: z.boolean().default(false).describe('true: says what would become of the records, and changes nothing'),
    ...selection,
    fixes: z
      .array(z.object({ id: z.int().min(1), text: z.string().max(fixLengthMax) }))
      .max(1000)
      .default([])
      .describe('other values for some of them; an event_id that can be read has to stay'),
    perSecond: z.int().min(1).max(1000).default(10).describe('the speed'),
    by,
  })
  .refine(isOneSelection, oneSelection)
  .openapi('RedriveRequest')

export const discardRequestSchema = z
  .object({ ...selection, reason: z.string().min(1).max(textLengthMax), by })
  .refine(isOneSelection, oneSelection)
  .openapi('DiscardRequest')

export const cancelRequestSchema = z.object({ by }).openapi('CancelRequest')

export const discardedSchema = z
  .object({ discarded: z.int(), left: z.int().describe(`open ones beyond the ${recordsPerRedriveMax} of one request`) })
  .openapi('Discarded')

export const redrivePlanSchema = z
  .object({
    records: z.int().describe('selected'),
    ready: z.int().describe('would be stored'),
    known: z.int().describe('would be found to be stored already, which resolves them as well'),
    noise: z.int().describe('would be counted as noise, which resolves them as well'),
    refused: z.int().describe('would fail again, or may not be redriven; they are left out'),
    reasons: z
      .array(
        z.object({
          code: z
            .string()
            .describe('why a record was put aside, or EVENT_ID_CHANGED, ATTEMPTS_USED, IN_FLIGHT, NOT_OPEN, UNKNOWN'),
          reason: z.string().describe("the first one's"),
          count: z.int(),
          ids: z.array(z.int()).describe('the first 20'),
        }),
      )
      .describe('of the refused, the most frequent first'),
    left: z.int().describe(`open ones beyond the ${recordsPerRedriveMax} of one redrive`),
    sentence: z.string().describe('the plan in words: 12 records, 3 would fail again: missing: amount'),
  })
  .openapi('RedrivePlan')

export const redriveSchema = z
  .object({
    id: z.int(),
    by: z.string(),
    requested_at: when,
    state: z
      .enum(['running', 'sent', 'finished', 'cancelled'])
      .describe('running: some are still to be sent; sent: the consumer has not met all of them yet'),
    selection: z.string().describe('in words'),
    perSecond: z.int(),
    records: z.int(),
    waiting: z.int(),
    sent: z.int().describe('in the topic, of these the consumer made:'),
    stored: z.int(),
    duplicate: z.int(),
    noise: z.int(),
    failed: z.int().describe('put aside again: an attempt more of the same dead letter'),
    gone: z.int().describe('left out since the dead letter was resolved, discarded, erased or expired meanwhile'),
    cancelled: z.int(),
    finished_at: when.nullable().describe('when the last was sent, or it was cancelled'),
    cancelled_by: z.string().nullable(),
    trouble: z.string().nullable().describe('why it does not go on at present'),
  })
  .openapi('Redrive')

export const redrivesSchema = z
  .object({ redrives: z.array(redriveSchema).describe('the newest first') })
  .openapi('Redrives')

/** A dry run has a plan alone. */
export const redriveAnswerSchema = z
  .object({ plan: redrivePlanSchema, redrive: redriveSchema.nullable() })
  .openapi('RedriveAnswer')

/** A problem that also says why for each record. */
export const redriveRefusedSchema = problemSchema.extend({ plan: redrivePlanSchema }).openapi('RedriveRefused')

export type DeadLetterGroupRow = z.infer<typeof deadLetterGroupSchema>
export type DeadLetterCaseRow = z.infer<typeof deadLetterCaseSchema>
export type AttemptRow = z.infer<typeof attemptSchema>
export type RedriveRequest = z.input<typeof redriveRequestSchema>
export type RedrivePlanRow = z.infer<typeof redrivePlanSchema>
export type RedriveRow = z.infer<typeof redriveSchema>
export type RedriveAnswer = z.infer<typeof redriveAnswerSchema>
