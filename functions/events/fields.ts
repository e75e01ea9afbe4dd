// Fields that events of any business have, as zod checks them.
import { z } from 'zod'
import { parseTimestamp } from './timestamp.ts'

/** Text that every store keeps exactly as it is: no lone surrogate, no NUL (which Postgres refuses). */
export function storableText(lengthMax: number) {
  return z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), {
      error: 'expected text without NUL or lone surrogates',
    })
}

export const eventId = storableText(200)

/** An integer, or its text: some producers quote what others do not. */
export const wholeNumber = z.union(
  [
    z.int(),
    z
      .string()
      .regex(/^-?\d{1,15}$/)
      .transform(Number),
  ],
  { error: 'expected an integer, or its text' },
)

/** ISO 8601; without a zone it is UTC. */
export const moment = z
  .string()
  .max(64)
  .transform((text, context) => {
    const parsed = parseTimestamp(text)
    if (parsed) return parsed
    context.addIssue('expected a real ISO 8601 date and time')
    return z.NEVER
  })
