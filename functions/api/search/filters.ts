// The filters of a list as a query string names them, and as the store is asked.
import { z } from '@hono/zod-openapi'
import { PipelineError } from '../../errors.ts'
import type { DeadLetterFilter, EventFilter } from '../../store/search.ts'
import { parseMoment } from './moment.ts'

const time = z.string().max(40).optional()
const timeRange = {
  from: time.describe('arrived at or after this moment: ISO 8601; without a zone it is UTC, a date alone its midnight'),
  to: time.describe('arrived before this moment'),
}
const amount = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'expected an amount such as 12.50')
  .transform(Number)
  .optional()

export const eventFilterQuery = z.object({
  type: z.string().min(1).max(64).optional(),
  region: z.string().max(100).optional().describe('empty: events without a region'),
  user_id: z
    .string()
    .regex(/^-?\d{1,15}$/, 'expected an integer')
    .transform(Number)
    .optional()
    .openapi({ type: 'integer' }),
  amount_min: amount.openapi({ type: 'number', minimum: 0, description: 'inclusive' }),
  amount_max: amount.openapi({ type: 'number', minimum: 0, description: 'inclusive' }),
  ...timeRange,
})

export const deadLetterFilterQuery = z.object({
  code: z.string().min(1).max(64).optional(),
  state: z.enum(['open', 'resolved', 'discarded']).optional(),
  text: z.string().min(1).max(200).optional().describe('somewhere in the reason, in capitals or not'),
  ...timeRange,
})

/** @throws PipelineError QUERY_INVALID; null when nothing is asked for */
export function eventFilterOf(query: z.infer<typeof eventFilterQuery>): EventFilter | null {
  const { type, region, user_id, amount_min, amount_max } = query
  return givenOf({
    eventType: type,
    region: region === '' ? null : region,
    userId: user_id,
    amountMin: amount_min,
    amountMax: amount_max,
    ...timesOf(query),
  })
}

/** @throws PipelineError QUERY_INVALID; null when nothing is asked for */
export function deadLetterFilterOf(query: z.infer<typeof deadLetterFilterQuery>): DeadLetterFilter | null {
  const { code, state, text } = query
  return givenOf({ code, state, text, ...timesOf(query) })
}

/** @throws PipelineError QUERY_INVALID */
export function momentOf(name: string, text: string): number {
  const ms = parseMoment(text)
  if (ms === null) throw new PipelineError('QUERY_INVALID', `${name}: expected an ISO 8601 time`)
  return ms
}

function timesOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return { fromMs: from && momentOf('from', from), toMs: to && momentOf('to', to) }
}

/** Only what was asked for; null when that is nothing. */
function givenOf<Filter extends object>(
  asked: {
    [Key in keyof Filter]: Filter[Key] | undefined | ''
  },
): Filter | null {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0 ? null : (Object.fromEntries(given) as Filter)
}
