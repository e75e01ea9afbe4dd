// The lag sampler as Lambda runs it, on a schedule.
import { z } from 'zod'
import { withSecrets } from '../aws/secrets.ts'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openOffsets } from '../kafka/offsets.ts'
import { openRangeReader } from '../kafka/read-range.ts'
import { openOnce } from '../open-once.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { metricLine, readFigures } from './figures.ts'
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
  /** Where alarms look for figures; none are written unless it is given. */
  METRICS_NAMESPACE: z.string().min(1).max(255).optional(),
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

interface Opened {
  parts: LagParts
  /** Tells CloudWatch how the shop's group is; where there is no CloudWatch, nobody. */
  tell(): Promise<void>
}

const open = openOnce(async (): Promise<Opened> => {
  const environment = readEnvironment(variables, await withSecrets(process.env))
  const config = await kafkaConfig()
  const store = await openStore(environment.STORE_URL)
  const parts: LagParts = {
    targets: environment.LAG_TARGETS ?? [{ group: environment.CONSUMER_GROUP_ID, topic: environment.TOPIC }],
    offsets: openOffsets(config),
    ranges: openRangeReader(config),
    store,
    retention: {
      eventMsMax: environment.RETENTION_EVENT_DAYS * dayMs,
      deadLetterMsMax: environment.RETENTION_DEAD_LETTER_DAYS * dayMs,
      bytesMax: environment.RETENTION_STORE_BYTES ?? null,
    },
    now: Date.now,
  }
  return { parts, tell: () => tellFigures(parts, store, environment) }
})

/** Answers how many partitions were sampled. */
export async function handler(): Promise<{ samples: number }> {
  const { parts, tell } = await open()
  const sampled = await sampleLag(parts)
  await tell()
  return sampled
}

async function tellFigures(
  { now }: LagParts,
  store: Store,
  { METRICS_NAMESPACE: namespace, CONSUMER_GROUP_ID: group }: { METRICS_NAMESPACE?: string; CONSUMER_GROUP_ID: string },
): Promise<void> {
  if (namespace === undefined) return
  const line = metricLine(namespace, group, await readFigures(store, group, now()), now())
  // Not by the console: Lambda wraps its lines in JSON of its own, where CloudWatch would not see the figures.
  process.stdout.write(`${line}\n`)
}
