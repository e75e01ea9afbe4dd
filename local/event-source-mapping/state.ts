// A mapping as it is now, as plain JSON for whoever watches it.
import type { Dispatcher } from './dispatch.ts'
import type { GiveUpCondition } from './happening.ts'
import type { Batch } from './in-flight.ts'
import type { Membership } from './membership.ts'
import { type MetricCounts, metricValues } from './metrics.ts'
import { countOf, type Part } from './part.ts'
import type { PartitionQueue } from './partition.ts'
import type { MappingSettings } from './settings.ts'
import { payloadBytesMax } from './to-event.ts'

export interface PartitionState {
  topic: string
  partition: number
  /** Records that wait for an invocation, and what they cost in its event. */
  buffered: number
  bufferedBytes: number
  /** ms since 1970: when the window of what waits ends; null when nothing waits, or the partition's batch is not over. */
  windowEndsAt: number | null
  /** `waiting`: for its next attempt. `delivering`: to the on-failure destination. */
  phase: 'idle' | Batch['phase']
  /** Records of the batch that is being invoked, or waits to be tried again. */
  inFlight: number
  /** The lowest offset of them; null without any. */
  offset: number | null
  /** Of that batch; 0 without one. */
  attempt: number
  /** ms since 1970; null unless the batch waits to be tried again. */
  nextAttemptAt: number | null
  lastError: string | null
  /** What cutting that batch in two has left, the part that is tried now first; empty unless it was cut. */
  bisect: BisectPart[]
  /** What the group has committed; null when it has nothing. */
  committedOffset: number | null
  /** The offset that is read next; null before the group's position is known. */
  nextOffset: number | null
  /** Where Kafka's log ends, as far as is known. */
  endOffset: number | null
  /** AWS's OffsetLag of the partition: from the committed offset to the end. */
  lag: number | null
}

export interface BisectPart {
  /** How many cuts made it. */
  depth: number
  count: number
  attempt: number
  giveUp: GiveUpCondition | null
}

export interface MappingState {
  uuid: string
  consumerGroupId: string
  topic: string
  enabled: boolean
  membership: Membership
  /** What a batch may hold, and how long it may wait for more. */
  limits: { records: number; bytes: number; windowMs: number }
  partitions: PartitionState[]
  /** Under AWS's names, all groups of them: here they cost nothing. Sums since the mapping started. */
  metrics: Record<string, number>
}

export interface StateParts {
  uuid: string
  settings: MappingSettings
  membership: Membership
  dispatcher: Dispatcher
  counts: MetricCounts
  /** What the dispatcher's clock lacks to milliseconds since 1970. */
  epochMs: number
}

export function stateOf({ uuid, settings, membership, dispatcher, counts, epochMs }: StateParts): MappingState {
  const { consumerGroupId, topic, enabled, batchSizeMax, windowMs } = settings
  const limits = { records: batchSizeMax, bytes: payloadBytesMax, windowMs }
  const partitions = dispatcher.queues().map((queue) => {
    return partitionState(queue, dispatcher.ownerOf(queue), windowMs, (ms) => Math.round(ms + epochMs))
  })
  const lags = partitions.map(({ lag }) => lag)
  const metrics = metricValues(counts, ['EventCount', 'ErrorCount', 'KafkaMetrics'], lags)
  return { uuid, consumerGroupId, topic, enabled, membership, limits, partitions, metrics }
}

function partitionState(
  queue: PartitionQueue,
  owner: Batch | undefined,
  windowMs: number,
  toEpoch: (ms: number) => number,
): PartitionState {
  const { topic, partition, records, held, committedOffset, nextOffset, endOffset } = queue
  const head = records[0]
  const windowEndsAt = head && !owner ? toEpoch(Math.max(head.arrivedMs, queue.freeSinceMs ?? 0) + windowMs) : null
  return {
    topic,
    partition,
    buffered: records.length,
    bufferedBytes: queue.bytes,
    windowEndsAt,
    phase: owner?.phase ?? 'idle',
    inFlight: held.length,
    offset: held[0]?.offset ?? null,
    attempt: owner?.current.attempt ?? 0,
    nextAttemptAt: owner?.phase === 'waiting' ? toEpoch(owner.dueMs) : null,
    lastError: owner?.current.error ?? null,
    bisect: owner && owner.current.depth > 0 ? [owner.current, ...owner.rest].map(bisectPart) : [],
    committedOffset,
    nextOffset,
    endOffset,
    lag: endOffset === null || committedOffset === null ? null : Math.max(0, endOffset - committedOffset),
  }
}

function bisectPart({ depth, slices, attempt, giveUp }: Part): BisectPart {
  return { depth, count: countOf(slices), attempt, giveUp }
}
