// Batches for tests: short ways to say which record was what.
import { createHash } from 'node:crypto'
import type { EnrichedEvent } from '../../events/event.ts'
import type { RejectionCode } from '../../events/rejection.ts'
import { enrich } from '../../retail/enrich.ts'
import type { Outcome, SourceRecord } from '../store.ts'

export const group = 'analytics-consumer-group'
export const topic = 'retail-events'

/** 2026-11-23T00:00:00Z */
export const startMs = Date.UTC(2026, 10, 23)

export interface Place {
  topic?: string
  partition?: number
  offset: number
  timestamp?: number
}

export function record(place: Place, value: string | null = ''): SourceRecord {
  const bytes = value === null ? null : Buffer.from(value)
  return { topic, partition: 0, timestamp: startMs + place.offset, key: null, value: bytes, ...place }
}

export function event(place: Place, fields: Partial<EnrichedEvent> & { event_id: string }): Outcome {
  const eventMs = fields.event_ms ?? startMs
  const full = enrich(
    {
      event_type: 'purchase',
      user_id: 5000,
      product_id: null,
      amount: 12.34,
      timestamp: new Date(eventMs).toISOString(),
      region: 'AU-NSW',
      extra: null,
      ...fields,
    },
    eventMs,
  )
  const value = JSON.stringify({ ...full, event_ms: undefined, amount_cents: undefined })
  const contentHash = createHash('sha256').update(value).digest()
  return { kind: 'event', record: record(place, value), event: full, contentHash }
}

export function noise(place: Place): Outcome {
  return { kind: 'noise', record: record(place, 'heartbeat') }
}

export function deadLetter(place: Place, value: string | null, code: RejectionCode = 'NOT_JSON'): Outcome {
  return { kind: 'dead-letter', record: record(place, value), code, reason: 'expected JSON' }
}
