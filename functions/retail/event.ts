// The retail event: what is accepted, and what it looks like once it is.
import { z } from 'zod'
import { depthOf } from './depth.ts'
import type { Rejection } from './rejection.ts'
import { parseTimestamp } from './timestamp.ts'

export const eventTypes = ['purchase', 'view', 'cart_add', 'checkout'] as const
export type EventType = (typeof eventTypes)[number]

/** Values of `infra/pipeline.ts` that decide what is accepted. */
export interface EventRules {
  /** The largest amount that is believed. */
  amountMax: number
  /** Milliseconds that an event may be stamped ahead of its record, or of the clock. */
  futureMsMax: number
  /** Levels of nesting. */
  depthMax: number
}

/** A valid event. Fields that the schema does not know are kept in `extra`. */
export interface RetailEvent {
  event_id: string
  event_type: EventType
  user_id: number
  product_id: number | null
  /** As it came: a JSON number, in dollars. Sums are made of `amountCents`. */
  amount: number
  /** ISO 8601 in UTC with a Z; digits below the millisecond are kept. */
  timestamp: string
  region: string | null
  /** Unknown fields, or null when there are none. */
  extra: Record<string, unknown> | null
}

const requiredFields = ['event_id', 'event_type', 'user_id', 'amount', 'timestamp'] as const

const wholeNumberText = /^-?\d{1,15}$/

/** Text that every store keeps exactly as it is: no lone surrogate, no NUL (which Postgres refuses). */
const storableText = (text: string) => text.isWellFormed() && !text.includes('\0')
const storable = { error: 'expected text without NUL or lone surrogates' }

const userId = z.union([z.int(), z.string().regex(wholeNumberText).transform(Number)], {
  error: 'expected an integer, or its text',
})

/** The accepted shape; `amountMax` comes from the rules. Also the source of the API's documentation. */
export const retailEventSchema = (amountMax: number) =>
  z.looseObject({
    event_id: z.string().min(1).max(200).refine(storableText, storable),
    event_type: z.enum(eventTypes),
    user_id: userId,
    product_id: z.int().nullish(),
    amount: z.number().min(0).max(amountMax),
    timestamp: z.string().max(64),
    region: z.string().min(1).max(100).refine(storableText, storable).nullish(),
  })

export type EventParser = (value: unknown) => { event: RetailEvent; eventMs: number } | Rejection

/** Makes a parser of decoded JSON values by these rules. It never throws. */
export function eventParser(rules: EventRules): EventParser {
  const schema = retailEventSchema(rules.amountMax)
  return (value) => {
    if (depthOf(value, rules.depthMax) > rules.depthMax) {
      return { code: 'TOO_DEEP', reason: `expected at most ${rules.depthMax} levels of nesting` }
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { code: 'EVENT_INVALID', reason: `expected a JSON object, got ${kindOf(value)}` }
    }
    const missing = requiredFields.filter((field) => (value as Record<string, unknown>)[field] == null)
    if (missing.length > 0) return { code: 'MISSING_FIELDS', reason: `missing: ${missing.join(', ')}` }
    const parsed = schema.safeParse(value)
    if (!parsed.success) return { code: 'EVENT_INVALID', reason: complaint(parsed.error) }
    const moment = parseTimestamp(parsed.data.timestamp)
    if (!moment) return { code: 'EVENT_INVALID', reason: 'timestamp: expected a real ISO 8601 date and time' }
    const { event_id, event_type, user_id, product_id, amount, timestamp: _, region, ...extra } = parsed.data
    return {
      event: {
        event_id,
        event_type,
        user_id,
        product_id: product_id ?? null,
        amount,
        timestamp: moment.utc,
        region: region ?? null,
        extra: Object.keys(extra).length > 0 ? extra : null,
      },
      eventMs: moment.ms,
    }
  }
}

function complaint(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
