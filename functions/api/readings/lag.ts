// Lag of every group, from the samples that the lag function left in the store.
import { lagOf, type Lag as PartitionLag } from '../../status/lag.ts'
import { type LagTrend, lagTrend } from '../../status/lag-trend.ts'
import type { LagSample, Store } from '../../store/store.ts'
import { groupBy } from '../group-by.ts'
import type { Lag } from '../schemas.ts'

export type LagStore = Pick<Store, 'latestLagSamples' | 'lagSamples'>

export interface LagReading {
  /** ms: the newest sample; null without any. */
  sampledAt: number | null
  partitions: { sample: LagSample; lag: PartitionLag; trend: LagTrend }[]
}

/** The store keeps at least an hour of samples; a lag that is older shows as "at least". */
const historyMs = 60 * 60 * 1000

/**
 * Makes a reader that asks for the history only of groups that are behind, and only when there is a newer sample: an
 * hour of samples is thousands of rows.
 */
export function lagReader(store: LagStore, now: () => number, samplePeriodMs: number): () => Promise<LagReading> {
  const histories = new Map<string, { sampledAt: number; samples: Map<string, LagSample[]> }>()

  async function historyOf(group: string, sampledAt: number): Promise<Map<string, LagSample[]>> {
    const known = histories.get(group)
    if (known?.sampledAt === sampledAt) return known.samples
    const listed = await store.lagSamples({ group, sinceMs: sampledAt - historyMs })
    const samples = groupBy(listed, (sample) => `${sample.topic}-${sample.partition}`)
    histories.set(group, { sampledAt, samples })
    return samples
  }

  return async function readLag() {
    const latest = await store.latestLagSamples()
    const partitions: LagReading['partitions'] = []
    for (const sample of latest) {
      let lag = lagOf([sample], now())
      let samples = [sample]
      if (lag.messages > 0) {
        const history = (await historyOf(sample.group, sample.at)).get(`${sample.topic}-${sample.partition}`)
        samples = history ?? samples
        lag = lagOf(samples, now())
      }
      partitions.push({ sample, lag, trend: lagTrend(samples, samplePeriodMs) })
    }
    const sampledAt = latest.length === 0 ? null : Math.max(...latest.map(({ at }) => at))
    return { sampledAt, partitions }
  }
}

/** The reading as the API shows it, by group and topic. */
export function lagAnswer({ sampledAt, partitions }: LagReading): Lag {
  const groups = groupBy(partitions, ({ sample }) => JSON.stringify([sample.group, sample.topic]))
  return {
    sampledAt,
    groups: [...groups].map(([key, members]) => {
      const [group, topic] = JSON.parse(key) as [string, string]
      return {
        group,
        topic,
        partitions: members
          .map(({ sample, lag, trend }) => ({
            partition: sample.partition,
            endOffset: sample.endOffset,
            committedOffset: sample.committedOffset,
            messages: lag.messages,
            seconds: lag.seconds,
            lost: lag.lost,
            ...trend,
          }))
          .sort((a, b) => a.partition - b.partition),
      }
    }),
  }
}
