// Builds what an on-failure destination is sent about records that the mapping gave up on, byte for byte as AWS has it.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
import type { Destination } from './destination.ts'
import type { GiveUpCondition } from './happening.ts'
import type { EventSlice } from './to-event.ts'

export interface FailedRecord {
  offset: number
  /** ms since 1970, as text. */
  timestamp: string
  /** The record as it stands in the event; null when it is too large for any. */
  json: string | null
}

/** Failed records of one partition, in order; not empty. */
export interface FailedSlice {
  /** `<topic>-<partition>` */
  key: string
  records: readonly FailedRecord[]
}

/** Records that are given up together. */
export interface FailedBatch {
  condition: GiveUpCondition
  slices: readonly FailedSlice[]
  /** Of the last invocation. */
  requestId: string
  /** As the mapping names it, with a version or alias or without. */
  functionArn: string
  approximateInvokeCount: number
  /** Did the last invocation throw, crash or time out? A partial answer did not; null when nothing was invoked. */
  functionFailed: boolean | null
  /** Since 1970. */
  nowMs: number
  bootstrapServers: string
  /** null for self-managed Kafka. */
  eventSourceArn: string | null
  /** The event that a function would get with these records. */
  encodeEvent: (slices: readonly EventSlice[]) => string
}

export interface OnFailureMessage {
  /** Of the record as it came from Kafka; null without one, and where a message stands for many records. */
  key: Buffer | null
  /** JSON */
  body: string
}

/** One message for each batch, and for a Kafka topic one for each record. */
export function onFailureMessages(kind: Destination['kind'], batch: FailedBatch): OnFailureMessage[] {
  if (kind !== 'kafka') return [{ key: null, body: batchMessage(batch, kind === 's3') }]
  return batch.slices.flatMap(({ key, records }) => records.map((record) => recordMessage(batch, key, record)))
}

/** SQS and SNS are told which records failed; S3 gets the whole event too, as a text in the JSON. */
function batchMessage(batch: FailedBatch, withPayload: boolean): string {
  const event = eventOf(batch, batch.slices)
  const recordsInfo = Object.fromEntries(batch.slices.map(({ key, records }) => [key, spanOf(records)]))
  const batchSize = batch.slices.reduce((sum, { records }) => sum + records.length, 0)
  const message = {
    ...contextOf(batch, batch.condition, batch.functionArn),
    KafkaBatchInfo: { batchSize, ...sourceOf(batch), ...sizeOf(event), recordsInfo },
  }
  return JSON.stringify(withPayload ? { ...message, payload: event } : message)
}

function recordMessage(batch: FailedBatch, key: string, record: FailedRecord): OnFailureMessage {
  // AWS's two pages name the same condition differently, one for each kind of destination.
  const condition = batch.condition === 'RetryAttemptsExhausted' ? 'RetriesExhausted' : batch.condition
  const event = eventOf(batch, [{ key, records: [record] }])
  const recordInfo = { offset: String(record.offset), timestamp: isoTime(record.timestamp) }
  const message = {
    ...contextOf(batch, condition, qualified(batch.functionArn)),
    KafkaBatchInfo: { batchSize: 1, ...sourceOf(batch), ...sizeOf(event), recordInfo },
  }
  // The event is JSON text already: it becomes a member without being parsed.
  return { key: keyOf(record), body: `${JSON.stringify(message).slice(0, -1)},"payload":${event}}` }
}

function contextOf(batch: FailedBatch, condition: string, functionArn: string) {
  const { requestId, approximateInvokeCount, functionFailed, nowMs } = batch
  return {
    requestContext: { requestId, functionArn, condition, approximateInvokeCount },
    responseContext:
      functionFailed === null
        ? null
        : { statusCode: 200, executedVersion: '$LATEST', ...(functionFailed && { functionError: 'Unhandled' }) },
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
  }
}

/** In messages to a Kafka topic AWS's sample has the version too. */
function qualified(functionArn: string): string {
  return /:function:[^:]+:[^:]+$/.test(functionArn) ? functionArn : `${functionArn}:$LATEST`
}

/** Our choice: without an ARN, which self-managed Kafka does not have, the member is left out, as it is in events. */
function sourceOf({ eventSourceArn, bootstrapServers }: FailedBatch) {
  return { ...(eventSourceArn !== null && { eventSourceArn }), bootstrapServers }
}

/** Our choice: a record that is too large for any event has no payload here, because it was never unpacked or encoded. */
function eventOf(batch: FailedBatch, slices: readonly FailedSlice[]): string | null {
  const isWhole = slices.every(({ records }) => records.every(({ json }) => json !== null))
  return isWhole ? batch.encodeEvent(slices) : null
}

/** An event is ASCII, so its length is its size. */
function sizeOf(event: string | null) {
  return event === null ? {} : { payloadSize: event.length }
}

function spanOf(records: readonly FailedRecord[]) {
  const first = records[0] as FailedRecord
  const last = records.at(-1) as FailedRecord
  return {
    firstRecordOffset: String(first.offset),
    lastRecordOffset: String(last.offset),
    firstRecordTimestamp: isoTime(first.timestamp),
    lastRecordTimestamp: isoTime(last.timestamp),
  }
}

/** A producer may write any number as its time; one that is no date is told as the number it is. */
function isoTime(timestamp: string): string {
  const date = new Date(Number(timestamp))
  return Number.isNaN(date.getTime()) ? timestamp : date.toISOString()
}

function keyOf({ json }: FailedRecord): Buffer | null {
  const key: unknown = json === null ? null : JSON.parse(json).key
  return typeof key === 'string' ? Buffer.from(key, 'base64') : null
}
