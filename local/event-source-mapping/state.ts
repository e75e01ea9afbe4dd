// A mapping as it is now, as plain JSON for whoever watches it.
import { nameOf } from './destination.ts'
import type { Dispatcher } from './dispatch.ts'
import type { Damage } from './fetch/partition-records.ts'
import type { GiveUpCondition } from './happening.ts'
import type { Batch } from './in-flight.ts'
import type { Membership } from './membership.ts'
import { type MetricCounts, metricValues } from './metrics.ts'
import { countOf, type DonePart, type Part } from './part.ts'
import type { PartitionQueue } from './partition.ts'
import type { GivenUp } from './recently-given-up.ts'
import type { MappingSettings } from './settings.ts'
import { payloadBytesMax } from './to-event.ts'
import { wayPast } from './unreadable.ts'

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
  /** That batch, by the number its invocations are told with; null without one. */
  batch: number | null
  /** ms since 1970: when the running invocation started; null unless one runs. */
  startedAt: number | null
  /** Why that batch, or the part of it that is next, is given up; null as long as it is tried. */
  giveUp: GiveUpCondition | null
  /** What cutting that batch in two has left, the part that is tried now first; empty unless it was cut. */
  bisect: BisectPart[]
  /** The newest parts of it that are over: with `bisect` they make the tree. */
  bisectDone: DonePart[]
  /** What the group has committed; null when it has nothing. */
  committedOffset: number | null
  /** The offset that is read next; null before the group's position is known. */
  nextOffset: number | null
  /** Where Kafka's log ends, as far as is known. */
  endOffset: number | null
  /** AWS's OffsetLag of the partition: from the committed offset to the end. */
  lag: number | null
  /** Offsets that Kafka had deleted before they were read, since the partition was assigned. */
  lostToRetention: number
  /** The record batch at which reading stands still, because it cannot be read; null while reading goes on. */
  unreadable: UnreadableState | null
}

export interface UnreadableState extends Damage {
  /** ms since 1970 */
  since: number
  /** What to do about it. */
  hint: string
}

export interface BisectPart {
  /** Its place in the tree: a 0 or 1 for each cut, by the half it is of. */
  path: string
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
  /** Event pollers now: each may invoke five times at once. */
  pollers: number
  /** What a batch may hold, and how long it may wait for more. */
  limits: { records: number; bytes: number; windowMs: number }
  partitions: PartitionState[]
  /** Under AWS's names, all groups of them: here they cost nothing. Sums since the mapping started. */
  metrics: Record<string, number>
  /** AWS's OffsetLag: of all partitions that are ours; null as long as one is not known. */
  lag: number | null
  /** What becomes of failures, as the settings have it. */
  onFailure: FailureSettings
  /** What was given up last, the newest first. */
  givenUp: GivenUp[]
}

export interface FailureSettings {
  /** `kafka://topic` or an ARN; null: what is given up is dropped. */
  destination: string | null
  /** null without limit. */
  retriesMax: number | null
  recordAgeMsMax: number | null
  bisects: boolean
  reportsBatchItemFailures: boolean
}

export interface StateParts {
  uuid: string
  settings: MappingSettings
  membership: Membership
  pollers: number
  dispatcher: Dispatcher
  counts: MetricCounts
  givenUp: GivenUp[]
  /** What the dispatcher's clock lacks to milliseconds since 1970. */
  epochMs: number
}

export function stateOf(parts: StateParts): MappingState {
  const { uuid, settings, membership, pollers, dispatcher, counts, givenUp, epochMs } = parts
  const { consumerGroupId, topic, enabled, batchSizeMax, windowMs } = settings
  const limits = { records: batchSizeMax, bytes: payloadBytesMax, windowMs }
  const partitions = dispatcher.queues().map((queue) => {
    return partitionState(queue, dispatcher.ownerOf(queue), settings, (ms) => Math.round(ms + epochMs))
  })
  const lags = partitions.map(({ lag }) => lag)
  const chosen = ['EventCount', 'ErrorCount', 'KafkaMetrics'] as const
  const metrics = metricValues(counts, { chosen, lags, pollers: settings.provisioned ? pollers : null })
  const lag = metrics.OffsetLag ?? null
  const onFailure = failureSettings(settings)
  return {
    uuid,
    consumerGroupId,
    topic,
    enabled,
    membership,
    pollers,
    limits,
    partitions,
    metrics,
    lag,
    onFailure,
    givenUp,
  }
}

function failureSettings(settings: MappingSettings): FailureSettings {
  const { destination, retriesMax, recordAgeMsMax, bisectOnError, reportBatchItemFailures } = settings
  return {
    destination: destination && nameOf(destination),
    retriesMax,
    recordAgeMsMax,
    bisects: bisectOnError,
    reportsBatchItemFailures: reportBatchItemFailures,
  }
}

function partitionState(
  queue: PartitionQueue,
  owner: Batch | undefined,
  settings: MappingSettings,
  toEpoch: (ms: number) => number,
): PartitionState {
  const { topic, partition, records, held, committedOffset, nextOffset, endOffset } = queue
  const { windowMs } = settings
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
    batch: owner?.id ?? null,
    startedAt: owner?.phase === 'running' ? toEpoch(owner.startedMs) : null,
    giveUp: owner?.current.giveUp ?? null,
    bisect: owner && owner.current.path !== '' ? [owner.current, ...owner.rest].map(bisectPart) : [],
    bisectDone: owner && owner.current.path !== '' ? owner.done : [],
    committedOffset,
    nextOffset,
    endOffset,
    lag: endOffset === null || committedOffset === null ? null : Math.max(0, endOffset - committedOffset),
    lostToRetention: queue.lostToRetention,
    unreadable: unreadableState(queue, settings, toEpoch),
  }
}

function unreadableState(
  { topic, partition, unreadable }: PartitionQueue,
  { consumerGroupId, bootstrapServers }: MappingSettings,
  toEpoch: (ms: number) => number,
): UnreadableState | null {
  if (!unreadable) return null
  const { sinceMs, ...damage } = unreadable
  return {
    ...damage,
    since: toEpoch(sinceMs),
    hint: wayPast({ topic, partition, consumerGroupId, bootstrapServers }, damage),
  }
}

function bisectPart({ path, slices, attempt, giveUp }: Part): BisectPart {
  return { path, depth: path.length, count: countOf(slices), attempt, giveUp }
}
