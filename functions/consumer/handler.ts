// The shop's consumer as Lambda runs it: a batch of records in, one transaction in the store.
import { z } from 'zod'
import { readEnvironment } from '../environment.ts'
import { decodeRecords } from '../lambda/decode.ts'
import type { KafkaBatchResponse, KafkaEvent } from '../lambda/kafka-event.ts'
import { classifier } from '../retail/classify.ts'
import { retailRulesOf, retailVariables } from '../retail/rules.ts'
import { openStore } from '../store/open.ts'
import type { BatchResult } from '../store/store.ts'
import { type ConsumerParts, consume } from './consume.ts'

const variables = z.object({ STORE_URL: z.string(), CONSUMER_GROUP_ID: z.string().min(1), ...retailVariables })

let opening: Promise<ConsumerParts> | undefined

async function open(): Promise<ConsumerParts> {
  const environment = readEnvironment(variables, process.env)
  return {
    store: await openStore(environment.STORE_URL),
    group: environment.CONSUMER_GROUP_ID,
    classify: classifier(retailRulesOf(environment)),
    now: Date.now,
  }
}

/**
 * Answers no failures, or throws so that the mapping retries the whole batch. Lambda ignores the counts beside it;
 * people who invoke the function by hand, and the terminal, read them.
 */
export async function handler(event: KafkaEvent): Promise<KafkaBatchResponse & BatchResult> {
  opening ??= open()
  const parts = await opening.catch((error) => {
    // The next invocation opens anew: an unreachable store is a fault of the world, not of this environment.
    opening = undefined
    throw error
  })
  return { batchItemFailures: [], ...(await consume(decodeRecords(event), parts)) }
}
