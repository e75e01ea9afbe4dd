// Counts what happens in a mapping under the names of AWS's metrics.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
import type { HappeningBody, OffsetsByPartition } from './happening.ts'
import type { MetricGroup } from './settings.ts'

/** Of the function, whichever groups are chosen. */
const functionMetrics = ['Invocations', 'Errors', 'Throttles', 'Duration', 'DestinationDeliveryFailures'] as const

const groups = {
  EventCount: [
    'PolledEventCount',
    'FilteredOutEventCount',
    'InvokedEventCount',
    'FailedInvokeEventCount',
    'DroppedEventCount',
    'OnFailureDestinationDeliveredEventCount',
    'CommittedEventCount',
  ],
  ErrorCount: [
    'PollingErrorCount',
    'InvokeErrorCount',
    'OnFailureDestinationDeliveryErrorCount',
    'SchemaRegistryErrorCount',
    'CommitErrorCount',
  ],
} as const satisfies Partial<Record<MetricGroup, readonly string[]>>

/**
 * Of provisioned mode, beside the pollers themselves; and ours: AWS has no name for offsets that were deleted before they
 * were read.
 */
const others = ['EventPollerThroughputInBytes', 'LostToRetentionCount'] as const

export type CountedMetric =
  | (typeof functionMetrics)[number]
  | (typeof groups)['EventCount' | 'ErrorCount'][number]
  | (typeof others)[number]

/** Sums since the mapping started. */
export interface MetricCounts {
  sums: Readonly<Record<CountedMetric, number>>
  /** Where the next commit of a partition counts from, by `<topic>-<partition>`. */
  countedTo: Readonly<Record<string, number>>
}

const countedMetrics: readonly CountedMetric[] = [
  ...functionMetrics,
  ...groups.EventCount,
  ...groups.ErrorCount,
  ...others,
]

export const noMetrics: MetricCounts = {
  sums: Object.fromEntries(countedMetrics.map((name) => [name, 0])) as Record<CountedMetric, number>,
  countedTo: {},
}

/** The counts after one more thing that happened. */
export function countMetrics(counts: MetricCounts, happening: HappeningBody): MetricCounts {
  const countedTo = nextCountedTo(counts.countedTo, happening)
  const added = Object.entries(increments(counts, happening))
  if (added.length === 0 && countedTo === counts.countedTo) return counts
  const sums = { ...counts.sums }
  for (const [name, count] of added) sums[name as CountedMetric] += count
  return { sums, countedTo }
}

export interface MetricContext {
  chosen: readonly MetricGroup[]
  /** The partitions' latest offsets less the committed ones; null where one is not known. */
  lags: readonly (number | null)[]
  /** Event pollers of provisioned mode; null on demand. */
  pollers: number | null
}

/** Pollers in an event poller unit, as AWS has it by default. https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const pollersPerUnit = 10

/** The values of the function, and of the chosen groups. A lag of which not all parts are known is not told. */
export function metricValues({ sums }: MetricCounts, { chosen, lags, pollers }: MetricContext): Record<string, number> {
  const names = [...functionMetrics, ...chosen.flatMap((group) => (group === 'KafkaMetrics' ? [] : groups[group]))]
  const values: Record<string, number> = Object.fromEntries(names.map((name) => [name, sums[name]]))
  values.LostToRetentionCount = sums.LostToRetentionCount
  if (pollers !== null) {
    values.ProvisionedPollers = pollers
    values.EventPollerUnit = Math.ceil(pollers / pollersPerUnit)
    values.EventPollerThroughputInBytes = sums.EventPollerThroughputInBytes
  }
  const known = lags.filter((lag) => lag !== null)
  if (known.length < lags.length || lags.length === 0) return values
  const sum = known.reduce((total, lag) => total + lag, 0)
  values.OffsetLag = sum
  if (chosen.includes('KafkaMetrics')) Object.assign(values, { MaxOffsetLag: Math.max(...known), SumOffsetLag: sum })
  return values
}

/**
 * Offsets that were gone when reading went on behind them: as many records, but for markers of transactions and what
 * compaction took. Where the topic was made anew, or nothing was known before, none can be told.
 */
export function lostOffsets({ from, to }: { from: number | null; to: number }): number {
  return from === null ? 0 : Math.max(0, to - from)
}

function increments(counts: MetricCounts, happening: HappeningBody): Partial<Record<CountedMetric, number>> {
  switch (happening.type) {
    case 'polled':
      return { PolledEventCount: happening.count, EventPollerThroughputInBytes: happening.bytes }
    case 'filtered':
      return { FilteredOutEventCount: countOf(happening.records) }
    case 'invoke':
      return { InvokedEventCount: happening.count }
    case 'result':
      return resultIncrements(happening)
    case 'onFailure': {
      const count = countOf(happening.records)
      return { OnFailureDestinationDeliveredEventCount: count, ...registryErrors(happening.condition, count) }
    }
    case 'dropped': {
      const count = countOf(happening.records)
      const undelivered = happening.deliveryError !== undefined && {
        DestinationDeliveryFailures: 1,
        OnFailureDestinationDeliveryErrorCount: 1,
      }
      return { DroppedEventCount: count, ...undelivered, ...registryErrors(happening.reason, count) }
    }
    case 'commit': {
      const deltas = Object.entries(happening.offsets).map(
        ([key, offset]) => offset - (counts.countedTo[key] ?? offset),
      )
      return { CommittedEventCount: deltas.reduce((sum, delta) => sum + Math.max(0, delta), 0) }
    }
    case 'commit-error':
      return { CommitErrorCount: 1 }
    case 'poll-error':
      return { PollingErrorCount: 1 }
    case 'out-of-range':
      return { LostToRetentionCount: lostOffsets(happening) }
    default:
      return {}
  }
}

/**
 * Our choice: an invocation that was throttled counts among the failed ones of the mapping, and among the function's
 * own metrics as a throttle only.
 */
function resultIncrements(
  happening: Extract<HappeningBody, { type: 'result' }>,
): Partial<Record<CountedMetric, number>> {
  const { outcome, records, failed = {}, durationMs: Duration } = happening
  switch (outcome) {
    case 'ok':
      return { Invocations: 1, Duration }
    // Of a partial answer the events it names; the invocation itself went well.
    case 'partial':
      return { Invocations: 1, Duration, FailedInvokeEventCount: countOf(failed) }
    case 'error':
      return { Invocations: 1, Duration, Errors: 1, InvokeErrorCount: 1, FailedInvokeEventCount: countOf(records) }
    case 'throttled':
      return { Throttles: 1, InvokeErrorCount: 1, FailedInvokeEventCount: countOf(records) }
  }
}

function registryErrors(condition: string, count: number): Partial<Record<CountedMetric, number>> {
  const isRegistry = condition === 'SCHEMA_NOT_FOUND' || condition === 'DESERIALIZATION_ERROR'
  return isRegistry ? { SchemaRegistryErrorCount: count } : {}
}

/**
 * Commits are counted as differences. The first one of a partition counts from the first record that was seen of it,
 * because where the group stood before is not told.
 */
function nextCountedTo(countedTo: MetricCounts['countedTo'], happening: HappeningBody): MetricCounts['countedTo'] {
  switch (happening.type) {
    case 'commit':
      return { ...countedTo, ...happening.offsets }
    case 'assigned':
      return without(countedTo, happening.lost)
    case 'out-of-range':
      return without(countedTo, [happening.partition])
    case 'invoke':
    case 'filtered':
    case 'onFailure':
    case 'dropped': {
      const unseen = Object.entries(happening.records).filter(([key]) => !(key in countedTo))
      if (unseen.length === 0) return countedTo
      return { ...countedTo, ...Object.fromEntries(unseen.map(([key, offsets]) => [key, offsets[0] ?? 0])) }
    }
    default:
      return countedTo
  }
}

function without(countedTo: MetricCounts['countedTo'], keys: readonly string[]): MetricCounts['countedTo'] {
  return Object.fromEntries(Object.entries(countedTo).filter(([key]) => !keys.includes(key)))
}

function countOf(records: OffsetsByPartition): number {
  return Object.values(records).reduce((sum, offsets) => sum + offsets.length, 0)
}
