// One text for one content: two events are the same exactly when their canonical JSON is.
import type { EnrichedEvent } from './event.ts'

/**
 * What was sent, validated, as JSON with sorted keys: numbers as numbers, the timestamp in UTC, unknown fields included,
 * optional fields only when present (null and absent are the same). What is made of it is no part of it.
 */
export function canonicalJson(event: EnrichedEvent): string {
  const { extra, amount_bucket: _, is_revenue_event: __, amount_cents: ___, event_ms: ____, ...known } = event
  return JSON.stringify(sorted(extra ? { ...known, ...extra } : known))
}

function sorted(value: object): unknown {
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? sorted(item) : item))
  const fields = value as Record<string, unknown>
  // Without a prototype, a field named __proto__ is a field like any other.
  const result: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key]
    if (field !== null) result[key] = isObject(field) ? sorted(field) : field
  }
  return result
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
