// The reader of what other mappings give up, as Lambda runs it: nothing that failed for good is out of sight.
import { z } from 'zod'
import { withSecrets } from '../aws/secrets.ts'
import { readEnvironment } from '../environment.ts'
import { decodeRecords } from '../lambda/decode.ts'
import type { KafkaBatchResponse, KafkaEvent } from '../lambda/kafka-event.ts'
import { openOnce } from '../open-once.ts'
import { openStore } from '../store/open.ts'
import type { BatchResult } from '../store/store.ts'
import { type KeepParts, keep } from './keep.ts'

const variables = z.object({ STORE_URL: z.string().min(1), CONSUMER_GROUP_ID: z.string().min(1) })

const open = openOnce(async (): Promise<KeepParts> => {
  const environment = readEnvironment(variables, await withSecrets(process.env))
  return { store: await openStore(environment.STORE_URL), group: environment.CONSUMER_GROUP_ID }
})

export async function handler(event: KafkaEvent): Promise<KafkaBatchResponse & BatchResult> {
  return { batchItemFailures: [], ...(await keep(decodeRecords(event), await open())) }
}
