// What the functions that make and send offers are made of, from their environment.
import { z } from 'zod'
import { withSecrets } from '../aws/secrets.ts'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openPublisher } from '../kafka/publish.ts'
import { type AbandonmentRules, abandonmentRulesOf, abandonmentVariables } from '../retail/abandonment/rules.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { OfferParts } from './publish-offers.ts'

const variables = z.object({
  STORE_URL: z.string().min(1),
  ABANDONMENT_GROUP_ID: z.string().min(1),
  OFFERS_TOPIC: z.string().min(1),
  OFFER_DISCOUNT_PERCENT: z.coerce.number().positive().max(100),
  ...abandonmentVariables,
})

export interface OpenedOffers {
  store: Store
  group: string
  rules: AbandonmentRules
  offers: OfferParts
}

/** @throws PipelineError CONFIG_INVALID, and what the store's opening throws */
export async function openOffers(environment: Record<string, string | undefined>): Promise<OpenedOffers> {
  const read = readEnvironment(variables, await withSecrets(environment))
  const { publish, connect } = openPublisher(await kafkaConfig())
  connect()
  const store = await openStore(read.STORE_URL)
  const group = read.ABANDONMENT_GROUP_ID
  return {
    store,
    group,
    rules: abandonmentRulesOf(read),
    offers: {
      store: store.abandonment,
      publish,
      topic: read.OFFERS_TOPIC,
      group,
      discountPercent: read.OFFER_DISCOUNT_PERCENT,
      now: Date.now,
    },
  }
}
