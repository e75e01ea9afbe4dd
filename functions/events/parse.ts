// A decoded JSON value to an event, by the rules of the business; or why not.
import { z } from 'zod'
import type { EventRules } from './business.ts'
import { depthOf } from './depth.ts'
import type { EnrichedEvent } from './event.ts'
import type { Rejection } from './rejection.ts'

export type EventParser = (value: unknown) => EnrichedEvent | Rejection

/** Makes a parser by these rules. It never throws what a value could cause. */
export function eventParser({ schema, depthMax }: Pick<EventRules, 'schema' | 'depthMax'>): EventParser {
  const required = requiredBy(schema)
  return (value) => {
    if (depthOf(value, depthMax) > depthMax) {
      return { code: 'TOO_DEEP', reason: `expected at most ${depthMax} levels of nesting` }
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { code: 'EVENT_INVALID', reason: `expected a JSON object, got ${kindOf(value)}` }
    }
    const missing = required.filter((field) => (value as Record<string, unknown>)[field] == null)
    if (missing.length > 0) return { code: 'MISSING_FIELDS', reason: `missing: ${missing.join(', ')}` }
    const parsed = schema.safeParse(value)
    return parsed.success ? parsed.data : { code: 'EVENT_INVALID', reason: complaint(parsed.error) }
  }
}

/** The accepted shape as JSON Schema, for whoever asks what to send. */
export function sentSchema(schema: z.ZodType): { required?: string[]; [keyword: string]: unknown } {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: 'input' })
  return shape
}

function requiredBy(schema: z.ZodType): string[] {
  return sentSchema(schema).required ?? []
}

function complaint(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
