import { expect, it } from 'vitest'
import type { HappeningBody } from './happening.ts'
import { countMetrics, type MetricCounts, metricValues, noMetrics } from './metrics.ts'
import type { MetricGroup } from './settings.ts'

const after = (...happenings: HappeningBody[]) => happenings.reduce(countMetrics, noMetrics)
const invoke = { type: 'invoke', batch: 1, attempt: 1, bytes: 100 } as const
const result = { type: 'result', batch: 1, attempt: 1, durationMs: 5 } as const
/** Of a mapping without provisioned pollers. */
const valuesOf = (counts: MetricCounts, chosen: readonly MetricGroup[], lags: readonly (number | null)[]) =>
  metricValues(counts, { chosen, lags, pollers: null })
const all = ['EventCount', 'ErrorCount', 'KafkaMetrics'] as const

it('counts the events of a batch on their way through', () => {
  const counts = after(
    { type: 'assigned', partitions: ['t-0'], lost: [] },
    { type: 'polled', partition: 't-0', count: 5, bytes: 50 },
    { type: 'polled', partition: 't-0', count: 0, bytes: 0 },
    { type: 'filtered', records: { 't-0': [10, 12] } },
    { ...invoke, records: { 't-0': [11, 13, 14] }, count: 3 },
    { ...result, records: { 't-0': [11, 13, 14] }, outcome: 'error', error: 'E' },
    { ...invoke, records: { 't-0': [11, 13, 14] }, count: 3, attempt: 2 },
    { ...result, records: { 't-0': [11, 13, 14] }, outcome: 'partial', failed: { 't-0': [13] } },
    { type: 'onFailure', records: { 't-0': [13] }, condition: 'RetryAttemptsExhausted', destination: 'kafka://x' },
    { type: 'commit', offsets: { 't-0': 15 } },
  )
  expect(valuesOf(counts, ['EventCount'], [])).toEqual({
    Invocations: 2,
    Errors: 1,
    Throttles: 0,
    Duration: 10,
    LostToRetentionCount: 0,
    DestinationDeliveryFailures: 0,
    PolledEventCount: 5,
    FilteredOutEventCount: 2,
    // Retries count again.
    InvokedEventCount: 6,
    FailedInvokeEventCount: 4,
    DroppedEventCount: 0,
    OnFailureDestinationDeliveredEventCount: 1,
    CommittedEventCount: 5,
  })
})

it('counts errors by where they came from', () => {
  const records = { 't-0': [1, 2] }
  const counts = after(
    { type: 'poll-error', error: 'E', delayMs: 1 },
    { type: 'commit-error', offsets: { 't-0': 1 }, error: 'E' },
    { ...result, records, outcome: 'throttled' },
    { type: 'dropped', records, reason: 'SCHEMA_NOT_FOUND', detail: '', deliveryError: 'E' },
    { type: 'onFailure', records, condition: 'DESERIALIZATION_ERROR', destination: 'kafka://x' },
  )
  expect(valuesOf(counts, ['ErrorCount'], [])).toEqual({
    Invocations: 0,
    Errors: 0,
    Throttles: 1,
    Duration: 0,
    LostToRetentionCount: 0,
    DestinationDeliveryFailures: 1,
    PollingErrorCount: 1,
    InvokeErrorCount: 1,
    OnFailureDestinationDeliveryErrorCount: 1,
    SchemaRegistryErrorCount: 4,
    CommitErrorCount: 1,
  })
  expect(valuesOf(counts, ['EventCount'], [])).toMatchObject({
    DroppedEventCount: 2,
    OnFailureDestinationDeliveredEventCount: 2,
  })
})

it('counts commits as differences, anew after a rebalance and for a topic made anew', () => {
  const counts = after(
    { type: 'filtered', records: { 't-0': [100] } },
    { type: 'commit', offsets: { 't-0': 110 } },
    { type: 'commit', offsets: { 't-0': 115 } },
    { type: 'assigned', partitions: [], lost: ['t-0'] },
    { type: 'assigned', partitions: ['t-0'], lost: [] },
    // Someone else committed meanwhile.
    { ...invoke, records: { 't-0': [500] }, count: 1 },
    { type: 'commit', offsets: { 't-0': 501 } },
    { type: 'out-of-range', partition: 't-0', from: 501, to: 0 },
    { ...invoke, records: { 't-0': [0, 1] }, count: 2 },
    { type: 'commit', offsets: { 't-0': 2 } },
  )
  expect(valuesOf(counts, ['EventCount'], []).CommittedEventCount).toBe(10 + 5 + 1 + 2)
})

it('tells the lag of a topic, and in its group the largest and the sum', () => {
  expect(valuesOf(noMetrics, ['KafkaMetrics'], [3, 0, 4])).toMatchObject({
    OffsetLag: 7,
    MaxOffsetLag: 4,
    SumOffsetLag: 7,
  })
  expect(valuesOf(noMetrics, [], [3])).not.toHaveProperty('MaxOffsetLag')
})

it('tells no lag as long as one partition is not known', () => {
  expect(valuesOf(noMetrics, all, [3, null])).not.toHaveProperty('OffsetLag')
  expect(valuesOf(noMetrics, all, [])).not.toHaveProperty('OffsetLag')
})

it('tells only the groups that are asked for', () => {
  expect(Object.keys(valuesOf(noMetrics, [], []))).toEqual([
    'Invocations',
    'Errors',
    'Throttles',
    'Duration',
    'DestinationDeliveryFailures',
    'LostToRetentionCount',
  ])
})

it('tells of provisioned pollers how many there are, the units they make, and what they have read', () => {
  const counts = after({ type: 'polled', partition: 't-0', count: 5, bytes: 50 })
  expect(metricValues(counts, { chosen: [], lags: [], pollers: 11 })).toMatchObject({
    ProvisionedPollers: 11,
    EventPollerUnit: 2,
    EventPollerThroughputInBytes: 50,
  })
})

it('counts offsets that retention took before they were read, and none where a topic was made anew', () => {
  const counts = after(
    { type: 'out-of-range', partition: 't-0', from: 10, to: 15 },
    { type: 'out-of-range', partition: 't-1', from: 10, to: 0 },
    { type: 'out-of-range', partition: 't-2', from: null, to: 7 },
  )
  expect(valuesOf(counts, [], []).LostToRetentionCount).toBe(5)
})
