// The retail event: what is accepted, and what it looks like once it is.
import { z } from 'zod'
import type { EnrichedEvent } from '../events/event.ts'
import { eventId, moment, storableText, wholeNumber } from '../events/fields.ts'
import { enrich } from './enrich.ts'

export const eventTypes = ['purchase', 'view', 'cart_add', 'checkout'] as const
export type EventType = (typeof eventTypes)[number]

/** The accepted shape, and the event that it becomes: unknown fields are kept. Also the source of the API's documentation. */
export function retailEventSchema(amountMax: number) {
  return z
    .looseObject({
      event_id: eventId,
      event_type: z.enum(eventTypes),
      user_id: wholeNumber,
      product_id: z.int().nullish(),
      amount: z.number().min(0).max(amountMax),
      timestamp: moment,
      region: storableText(100).nullish(),
    })
    .transform(({ event_id, event_type, user_id, product_id, amount, timestamp, region, ...extra }): EnrichedEvent => {
      const event = {
        event_id,
        event_type,
        user_id,
        product_id: product_id ?? null,
        amount,
        timestamp: timestamp.utc,
        region: region ?? null,
        extra: Object.keys(extra).length > 0 ? extra : null,
      }
      return enrich(event, timestamp.ms)
    })
}
