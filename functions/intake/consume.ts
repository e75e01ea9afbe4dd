// One batch of records to outcomes, and the outcomes to where they are kept: every consumer of events begins here.
import type { Classify } from '../events/classify.ts'
import { type DecodedRecord, decodeText } from '../lambda/decode.ts'
import { tokenOf } from '../redrive/header.ts'
import type { Batch, BatchResult, Outcome, SourceRecord } from '../store/store.ts'

export interface ConsumerParts<Result extends BatchResult = BatchResult> {
  /** Where outcomes go: the store, or a part of it that keeps more than rows. */
  store: { writeBatch(batch: Batch): Promise<Result> }
  group: string
  classify: Classify
  now: () => number
}

/**
 * Judges every record and writes the batch in one transaction. A record that can never succeed is put aside; a fault of
 * the world throws, so that whoever invoked this tries the whole batch again.
 */
export async function consume<Result extends BatchResult>(
  records: DecodedRecord[],
  parts: ConsumerParts<Result>,
): Promise<Result> {
  const arrivalMs = parts.now()
  const outcomes = records.map((decoded): Outcome => {
    const record = sourceOf(decoded)
    const value = { recordMs: decoded.timestamp, ...decodeText(decoded.value) }
    return { record, ...parts.classify(value, arrivalMs) }
  })
  return parts.store.writeBatch({ group: parts.group, outcomes })
}

/** A record that was sent again for a dead letter says so in its headers. */
function sourceOf(record: DecodedRecord): SourceRecord {
  const token = record.headers && tokenOf(record.headers)
  return token === undefined ? record : { ...record, token }
}
