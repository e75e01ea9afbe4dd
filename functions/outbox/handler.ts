// The second consumer's timer as Lambda runs it, on a schedule.
import { z } from 'zod'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openOffsets } from '../kafka/offsets.ts'
import { openOffers } from '../offers/parts.ts'
import { openOnce } from '../open-once.ts'
import { type Tended, type TendParts, tend } from './tend.ts'

const dayMs = 24 * 60 * 60 * 1000

const variables = z.object({
  TOPIC: z.string().min(1),
  RETENTION_DEAD_LETTER_DAYS: z.coerce.number().positive().default(90),
})

const open = openOnce(async (): Promise<TendParts> => {
  const environment = readEnvironment(variables, process.env)
  const { store, ...opened } = await openOffers(process.env)
  return {
    ...opened,
    topic: environment.TOPIC,
    store: store.abandonment,
    offsets: openOffsets(await kafkaConfig()),
    keepMs: environment.RETENTION_DEAD_LETTER_DAYS * dayMs,
    now: Date.now,
  }
})

/** Answers what fell due by the passing of time, and how many offers were sent. */
export async function handler(): Promise<Tended> {
  return tend(await open())
}
