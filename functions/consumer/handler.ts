// The shop's consumer as Lambda runs it: a batch of records in, one transaction in the store.
import { z } from 'zod'
import { withSecrets } from '../aws/secrets.ts'
import { eventRulesOf } from '../business.ts'
import { readEnvironment } from '../environment.ts'
import { classifier } from '../events/classify.ts'
import { type ConsumerParts, consume } from '../intake/consume.ts'
import { decodeRecords } from '../lambda/decode.ts'
import type { KafkaBatchResponse, KafkaEvent } from '../lambda/kafka-event.ts'
import { openOnce } from '../open-once.ts'
import { openStore } from '../store/open.ts'
import type { BatchResult } from '../store/store.ts'

const variables = z.object({ STORE_URL: z.string(), CONSUMER_GROUP_ID: z.string().min(1) })

const open = openOnce(async (): Promise<ConsumerParts> => {
  const environment = readEnvironment(variables, await withSecrets(process.env))
  return {
    store: await openStore(environment.STORE_URL),
    group: environment.CONSUMER_GROUP_ID,
    classify: classifier(eventRulesOf(process.env)),
    now: Date.now,
  }
})

/**
 * Answers no failures, or throws so that the mapping retries the whole batch. Lambda ignores the counts beside it;
 * people who invoke the function by hand, and the terminal, read them.
 */
export async function handler(event: KafkaEvent): Promise<KafkaBatchResponse & BatchResult> {
  const parts = await open()
  return { batchItemFailures: [], ...(await consume(decodeRecords(event), parts)) }
}
