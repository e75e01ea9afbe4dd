// Turns the event of a Kafka event source mapping into records: bytes decoded, absences made one.
import { isUtf8 } from 'node:buffer'
import type { KafkaEvent, KafkaEventRecord } from './kafka-event.ts'

/** One Kafka record, whichever of Lambda's shapes it came in. */
export interface DecodedRecord {
  topic: string
  partition: number
  offset: number
  /** Milliseconds since 1970. */
  timestamp: number
  /** null when the record has none. An empty key is taken for none: AWS sends both as ''. */
  key: Buffer | null
  /** null is a tombstone, which is not the same as an empty value. */
  value: Buffer | null
  /** As Lambda gives them; absent where there are none, as with nearly all records. */
  headers?: NonNullable<KafkaEventRecord['headers']>
}

/**
 * All records of an event, within each partition in the order of their offsets.
 *
 * @throws TypeError when this is no event of a Kafka mapping; it says what was expected and what came.
 */
export function decodeRecords(event: KafkaEvent): DecodedRecord[] {
  const groups: unknown = (event as Partial<KafkaEvent> | null)?.records
  if (typeof groups !== 'object' || groups === null) {
    throw new TypeError(`Expected the event of a Kafka event source mapping with "records", got ${describe(event)}`)
  }
  const decoded: DecodedRecord[] = []
  for (const records of Object.values(groups as KafkaEvent['records'])) {
    for (const record of records) decoded.push(decodeRecord(record))
  }
  return decoded
}

function decodeRecord(record: KafkaEventRecord): DecodedRecord {
  const { topic, partition, offset, timestamp, key, value, headers } = record
  const decoded: DecodedRecord = {
    topic,
    partition,
    offset,
    timestamp,
    key: key ? Buffer.from(key, 'base64') : null,
    value: typeof value === 'string' ? Buffer.from(value, 'base64') : null,
  }
  if (headers && headers.length > 0) decoded.headers = headers
  return decoded
}

/** The text of some bytes, and whether they were UTF-8 at all. */
export function decodeText(bytes: Buffer | null): { text: string | null; isUtf8: boolean } {
  if (bytes === null) return { text: null, isUtf8: true }
  const valid = isUtf8(bytes)
  return { text: valid ? bytes.toString('utf8') : '', isUtf8: valid }
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no fields'}`
}
