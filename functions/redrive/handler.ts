// Redrives as Lambda runs them, on a schedule: dead letters go back to their topic while there are any to be sent.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { withSecrets } from '../aws/secrets.ts'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openPublisher } from '../kafka/publish.ts'
import type { LambdaContext } from '../lambda/kafka-event.ts'
import { openOnce } from '../open-once.ts'
import { openStore } from '../store/open.ts'
import { type AdvanceParts, advanceRedrives } from './advance.ts'

const variables = z.object({
  STORE_URL: z.string().min(1),
  /** How often this function is due: it is done before it is due again. */
  SCHEDULE_PERIOD_MS: z.coerce.number().int().positive().default(60_000),
})

/** For the last acknowledgement before the next run is due. */
const handoverMs = 150
/** For it before Lambda's time-out: a publish may take 4.5 s. */
const timeoutReserveMs = 6_000

const open = openOnce(async (): Promise<Pick<AdvanceParts, 'redrives' | 'publish'> & { periodMs: number }> => {
  const environment = readEnvironment(variables, await withSecrets(process.env))
  const store = await openStore(environment.STORE_URL)
  const { publish } = openPublisher(await kafkaConfig())
  return { redrives: store.redrives, publish, periodMs: environment.SCHEDULE_PERIOD_MS }
})

/** Answers how many records were sent. One query tells that there is nothing to do. */
export async function handler(_event: unknown, context: LambdaContext): Promise<{ sent: number }> {
  const { periodMs, ...parts } = await open()
  const startMs = Date.now()
  return advanceRedrives({
    ...parts,
    newToken: randomUUID,
    holder: randomUUID(),
    now: Date.now,
    sleep,
    endMs: startMs + Math.min(periodMs - handoverMs, context.getRemainingTimeInMillis() - timeoutReserveMs),
  })
}
