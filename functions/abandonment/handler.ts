// The second consumer as Lambda runs it: spots spikes of abandoned carts as they happen, and makes offers in them.
import { eventRulesOf } from '../business.ts'
import { classifier } from '../events/classify.ts'
import { decodeRecords } from '../lambda/decode.ts'
import type { KafkaBatchResponse, KafkaEvent } from '../lambda/kafka-event.ts'
import { openOffers } from '../offers/parts.ts'
import { openOnce } from '../open-once.ts'
import { type Followed, type FollowParts, follow } from './follow.ts'

const open = openOnce(async (): Promise<FollowParts> => {
  const { store, ...opened } = await openOffers(process.env)
  return {
    ...opened,
    store: store.abandonment,
    classify: classifier(eventRulesOf(process.env)),
    now: Date.now,
    onUnsent: (error) => console.warn(error.message),
  }
})

/** Answers no failures, or throws so that the mapping retries the batch, cuts it, and gives up in the end. */
export async function handler(event: KafkaEvent): Promise<KafkaBatchResponse & Followed> {
  const parts = await open()
  return { batchItemFailures: [], ...(await follow(decodeRecords(event), parts)) }
}
