// The lag sampler as Lambda runs it, on a schedule.
import { z } from 'zod'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openOffsets } from '../kafka/offsets.ts'
import { openRangeReader } from '../kafka/read-range.ts'
import { openOnce } from '../open-once.ts'
import { openStore } from '../store/open.ts'
import { type LagParts, sampleLag } from './sample.ts'

const targets = z.array(z.object({ group: z.string().min(1), topic: z.string().min(1) })).min(1)

const days = z.coerce.number().positive().default(90)
const dayMs = 24 * 60 * 60 * 1000

const variables = z.object({
  STORE_URL: z.string().min(1),
  CONSUMER_GROUP_ID: z.string().min(1),
  TOPIC: z.string().min(1),
  RETENTION_EVENT_DAYS: days,
  RETENTION_DEAD_LETTER_DAYS: days,
  /** The store may hold this much before the oldest events go early; without a limit unless given. */
  RETENTION_STORE_BYTES: z.coerce.number().int().positive().optional(),
  /** JSON: the groups to watch, where it is more than the one. */
  LAG_TARGETS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        context.addIssue('expected JSON: [{"group": "...", "topic": "..."}]')
        return z.NEVER
      }
    })
    .pipe(targets)
    .optional(),
})

const open = openOnce(async (): Promise<LagParts> => {
  const environment = readEnvironment(variables, process.env)
  const config = await kafkaConfig()
  return {
    targets: environment.LAG_TARGETS ?? [{ group: environment.CONSUMER_GROUP_ID, topic: environment.TOPIC }],
    offsets: openOffsets(config),
    ranges: openRangeReader(config),
    store: await openStore(environment.STORE_URL),
    retention: {
      eventMsMax: environment.RETENTION_EVENT_DAYS * dayMs,
      deadLetterMsMax: environment.RETENTION_DEAD_LETTER_DAYS * dayMs,
      bytesMax: environment.RETENTION_STORE_BYTES ?? null,
    },
    now: Date.now,
  }
})

/** Answers how many partitions were sampled. */
export async function handler(): Promise<{ samples: number }> {
  const parts = await open()
  return sampleLag(parts)
}
