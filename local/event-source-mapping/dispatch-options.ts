// What a mapping's settings say to the dispatcher.
import type { Backoff } from './backoff.ts'
import type { BatchLimits } from './batch.ts'
import type { RetryPolicy } from './in-flight.ts'
import type { MappingSettings } from './settings.ts'

export interface DispatcherOptions {
  topic: string
  limits: BatchLimits
  /** Invocations in flight at most, now. */
  concurrency: () => number
  retry: RetryPolicy
  reportBatchItemFailures: boolean
  /** Older records are given up; Infinity for no limit. */
  recordAgeMsMax: number
  /** What this clock lacks to milliseconds since 1970, which the age of a record is counted in. */
  epochMs: number
  /** Is there a destination for what is given up? Else it is dropped. */
  hasDestination: boolean
}

/** What the settings do not say. */
export interface DispatchStage extends Pick<DispatcherOptions, 'concurrency' | 'epochMs'> {
  /** For the records and their partitions, without the event's envelope. */
  bytesMax: number
  backoff: Backoff
}

export function dispatcherOptions(settings: MappingSettings, stage: DispatchStage): DispatcherOptions {
  const { concurrency, epochMs, bytesMax, backoff } = stage
  return {
    topic: settings.topic,
    limits: { recordsMax: settings.batchSizeMax, windowMs: settings.windowMs, bytesMax },
    concurrency,
    retry: { backoff, retriesMax: settings.retriesMax ?? Number.POSITIVE_INFINITY, bisects: settings.bisectOnError },
    recordAgeMsMax: settings.recordAgeMsMax ?? Number.POSITIVE_INFINITY,
    epochMs,
    reportBatchItemFailures: settings.reportBatchItemFailures,
    hasDestination: settings.destination !== null,
  }
}
