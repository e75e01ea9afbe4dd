// One text for one content: two events are the same exactly when their canonical JSON is.
import type { RetailEvent } from './event.ts'

/**
 * The validated event as JSON with sorted keys: user_id as an integer, timestamp in UTC, unknown fields included,
 * optional fields only when present (null and absent are the same).
 */
export function canonicalJson(event: RetailEvent): string {
  const { extra, ...known } = event
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
