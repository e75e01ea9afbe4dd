// One reading of every watched group's offsets into the store.
import type { OffsetsReader } from '../kafka/offsets.ts'
import type { RangeReader } from '../kafka/read-range.ts'
import type { Retention } from '../store/retention.ts'
import type { LagSample, Store } from '../store/store.ts'
import { explainHoles } from './explain.ts'

export interface LagTarget {
  group: string
  topic: string
}

export interface LagParts {
  targets: LagTarget[]
  offsets: Pick<OffsetsReader, 'read'>
  store: Pick<Store, 'writeLagSamples' | 'sweep' | 'expire' | 'accounts' | 'explanations' | 'explain'>
  ranges: RangeReader
  retention: Retention
  /** ms */
  now(): number
}

/** Short steps each time keep them a background matter. */
const sweepBudgetMs = 50
const expireBudgetMs = 50

/**
 * Samples the offsets and then goes on with what needs no Kafka, even while no broker answers: the comparison of the
 * account with the rows, and letting go what has been kept for long enough.
 *
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED; STORE_* of the store
 */
export async function sampleLag(parts: LagParts): Promise<{ samples: number }> {
  try {
    const samples: LagSample[] = []
    for (const { group, topic } of parts.targets) {
      const partitions = await parts.offsets.read(group, topic)
      const at = parts.now()
      samples.push(...partitions.map((offsets) => ({ group, topic, at, ...offsets })))
    }
    await parts.store.writeLagSamples(samples)
    await explainHoles(samples, parts.store, parts.ranges)
    return { samples: samples.length }
  } finally {
    await parts.store.sweep({ budgetMs: sweepBudgetMs })
    await parts.store.expire({ budgetMs: expireBudgetMs, retention: parts.retention })
  }
}
