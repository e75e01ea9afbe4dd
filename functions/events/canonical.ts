// One hash for one content: two events are the same exactly when their canonical JSON is.
import { createHash } from 'node:crypto'
import type { ValidEvent } from './event.ts'

/** SHA-256 of the event's canonical JSON. */
export function contentHashOf(event: ValidEvent): Buffer {
  return createHash('sha256').update(canonicalJson(event)).digest()
}

/**
 * What was sent, validated, as JSON with sorted keys: numbers as numbers, the timestamp in UTC, unknown fields included,
 * optional fields only when present (null and absent are the same). What is made of it is no part of it.
 */
export function canonicalJson(event: ValidEvent): string {
  const { amount, event_id, event_type, extra, product_id, region, timestamp, user_id } = event
  // Sorted as it is written here, which spares nearly all events the sorting. JSON leaves out what is undefined.
  const known = {
    amount,
    event_id,
    event_type,
    product_id: product_id ?? undefined,
    region: region ?? undefined,
    timestamp,
    user_id,
  }
  return JSON.stringify(extra ? sorted({ ...known, ...extra }) : known)
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
