// What the shop makes of a valid event.
import type { EnrichedEvent, ValidEvent } from '../events/event.ts'

export const amountBuckets = ['low', 'mid', 'high'] as const
export type AmountBucket = (typeof amountBuckets)[number]

/** Types whose amounts are revenue; the others' are what was looked at. */
export const revenueTypes: readonly string[] = ['purchase', 'checkout']

export function enrich(event: ValidEvent, eventMs: number): EnrichedEvent {
  // What is copied stands last: Node 20 takes a microsecond for each field that follows a spread.
  return {
    amount_bucket: amountBucket(event.amount),
    is_revenue_event: revenueTypes.includes(event.event_type),
    amount_cents: toCents(event.amount),
    event_ms: eventMs,
    ...event,
  }
}

/** low below 50, mid below 200, else high. */
export function amountBucket(amount: number): AmountBucket {
  if (amount < 50) return 'low'
  return amount < 200 ? 'mid' : 'high'
}

/**
 * Dollars to whole cents, half away from zero, decided on the decimal digits that were sent.
 *
 * 1.005 is stored by a double as 1.00499…; multiplying by 100 would round it down, though whoever sent it wrote a half.
 */
export function toCents(amount: number): number {
  const digits = String(amount)
  // A number that prints with an exponent of its own is below 0.000001: far from half a cent.
  return digits.includes('e') ? 0 : Math.round(Number(`${digits}e2`))
}
