// What is told of records that are given up: that a destination has them, or that they are lost.
import type { GiveUpCondition, HappeningBody } from './happening.ts'
import type { Batch } from './in-flight.ts'
import type { FailedBatch } from './on-failure.ts'
import { offsetsIn } from './part.ts'
import { type EventSource, encodeEvent } from './to-event.ts'

const reasons: Record<GiveUpCondition, string> = {
  MaximumPayloadSizeExceeded: 'The record is too large for any invocation: 6 MB encoded, 64 MB unpacked',
  RetryAttemptsExhausted: 'The last attempt that MaximumRetryAttempts allows failed',
  RecordAgeExceeded: 'The record is older than MaximumRecordAgeInSeconds',
  SCHEMA_NOT_FOUND: 'The schema registry does not have the schema that the record names',
  DESERIALIZATION_ERROR: 'The record does not fit its schema',
}

/** The current part of a batch is at the on-failure destination. */
export function takenOf(batch: Batch, destination: string): HappeningBody {
  return { type: 'onFailure', records: offsetsIn(batch.current.slices), condition: conditionOf(batch), destination }
}

/** The current part of a batch is lost; `deliveryError` where there is a destination that did not take it. */
export function droppedOf(batch: Batch, deliveryError?: string): HappeningBody {
  const { slices, error } = batch.current
  const reason = conditionOf(batch)
  const detail = error === null ? reasons[reason] : `${reasons[reason]}: ${error}`
  const dropped = { type: 'dropped', records: offsetsIn(slices), reason, detail } as const
  return deliveryError === undefined ? dropped : { ...dropped, deliveryError }
}

export function conditionOf({ current }: Batch): GiveUpCondition {
  if (current.giveUp === null) throw new Error('A batch that is still tried was given up. This is a bug in Freshet.')
  return current.giveUp
}

/** `ms`: since 1970. `requestId`: to be used where nothing was invoked. */
export interface Moment {
  ms: number
  requestId: string
}

/** What an on-failure destination is told of the current part of a batch. */
export function failedBatchOf(batch: Batch, source: EventSource, functionArn: string, now: Moment): FailedBatch {
  const { slices, attempt, last } = batch.current
  return {
    condition: conditionOf(batch),
    slices: slices.map(({ queue, records }) => ({ key: queue.key, records })),
    requestId: last?.requestId ?? now.requestId,
    functionArn,
    approximateInvokeCount: attempt,
    functionFailed: last?.failed ?? null,
    nowMs: now.ms,
    bootstrapServers: source.bootstrapServers,
    eventSourceArn: source.arn,
    encodeEvent: (some) => encodeEvent(source, some),
  }
}
