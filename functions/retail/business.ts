// The shop as the pipeline asks for it: what its events are, which are noise, and how it is played.
import type { Business } from '../events/business.ts'
import { revenueTypes } from './enrich.ts'
import { retailEventSchema } from './event.ts'
import { generateEvent, type ShopEvent } from './generate.ts'
import { journeys } from './journeys.ts'
import { isNoiseType, isNoiseUser } from './noise.ts'
import { retailVariables } from './rules.ts'

export const retail = {
  variables: retailVariables,
  rulesOf({ AMOUNT_MAX, NOISE_EVENT_TYPES: eventTypes, NOISE_USER_ID_BELOW: userIdBelow }) {
    const noise = { eventTypes, userIdBelow }
    return {
      schema: retailEventSchema(AMOUNT_MAX),
      isNoise: (value) => isNoiseType(value, noise),
      isTest: (event) => isNoiseUser(event, noise),
      revenueTypes,
    }
  },
  simulation: {
    sample: (random, atMs) => sampleOf(generateEvent(random, atMs)),
    stories: {
      *'abandonment-spike'(options) {
        for (const { dueMs, event } of journeys(options)) yield { dueMs, sample: sampleOf(event) }
      },
    },
  },
  words: {
    event_type: 'purchase, view, cart_add or checkout',
    user_id: 'the user',
    product_id: 'the product',
    amount: 'dollars',
    region: 'of the shop, for instance AU-NSW',
    amount_bucket: 'low below 50, mid below 200, else high',
    is_revenue_event: 'a purchase or a checkout',
  },
} satisfies Business<typeof retailVariables>

function sampleOf(event: ShopEvent) {
  return { key: String(event.user_id), event }
}
