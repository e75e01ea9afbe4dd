// Builds the event that Lambda hands to a function for Kafka, as JSON text.
//
// A record is encoded once, when it arrives. So its exact size is known when batches are cut, a retry costs nothing, and
// the large buffers that Kafka's answers come in are free at once.

/** Lambda's limit on the payload of an invocation. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const payloadBytesMax = 6 * 1024 * 1024

/** A record as it was fetched. */
export interface KafkaMessage {
  offset: string
  /** Absent from records that Kafka 0.9 or older has written. */
  timestamp?: string
  key: Buffer | null
  value: Buffer | null
  /** In order. Absent from records older than Kafka 0.11, as is what follows. */
  headers?: readonly Header[]
  /** 1 is LOG_APPEND_TIME. */
  batchContext?: { timestampType?: number }
  /** It stands for one whose batch unpacks to more than is allowed. */
  isTooLarge?: true
}

/**
 * How a key or value that a record does not have is written. Both have been seen of AWS, and its own library takes both
 * (github.com/aws-powertools/powertools-lambda-typescript issues 4988 and 5016).
 */
export type AbsentForm = 'left-out' | 'null'

export type Header = readonly [name: string, value: Buffer | null]

/** Kafka's own timestamp for a record that has none. */
export const noTimestamp = '-1'

/** What a schema registry adds to a record of which it decoded an attribute. */
export interface RecordSchemas {
  keySchemaMetadata?: object
  valueSchemaMetadata?: object
}

/** Whose records they are. */
export interface EventSource {
  /** Joined by commas. */
  bootstrapServers: string
  /** Of an MSK cluster; null for self-managed Kafka. */
  arn: string | null
}

/** Records of one partition, encoded. */
export interface EventSlice {
  /** `<topic>-<partition>` */
  key: string
  /** None is null: a record that fits into no event is in no batch. */
  records: readonly { json: string | null }[]
}

/**
 * Encodes the records of one partition: JSON in ASCII, so that its length is its size in bytes; null when it is longer
 * than `bytesMax`, which is found out without building it where the raw sizes tell.
 *
 * A record without a key or value (a tombstone) has no such field, unless `absent` wants null.
 */
export function recordEncoder(
  topic: string,
  partition: number,
  bytesMax: number,
  absent: AbsentForm = 'left-out',
): (message: KafkaMessage, schemas?: RecordSchemas) => string | null {
  const head = `{"topic":${asciiJson(topic)},"partition":${partition},"offset":`
  const [noKey, noValue] = absent === 'null' ? [',"key":null', ',"value":null'] : ['', '']
  return function encodeRecord({ offset, timestamp = noTimestamp, key, value, headers, batchContext }, schemas) {
    if (bytesAtLeast(key, value, headers) > bytesMax) return null
    const type = batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME'
    let json = `${head}${offset},"timestamp":${timestamp},"timestampType":"${type}"`
    json += key ? `,"key":"${key.toString('base64')}"` : noKey
    json += value ? `,"value":"${value.toString('base64')}"` : noValue
    json += `,"headers":${headers && headers.length > 0 ? encodeHeaders(headers) : '[]'}`
    json += schemas ? `,${asciiText(JSON.stringify(schemas).slice(1))}` : '}'
    // Reading a character makes one flat text of the many pieces that V8 keeps until then. Records wait in thousands,
    // and with pieces the collecting of garbage would cost more than all else that the mapping does.
    json.charCodeAt(0)
    return json.length > bytesMax ? null : json
  }
}

/** The whole event. Its length is at most `envelopeBytes` and each slice's `sliceBytes` together. */
export function encodeEvent(source: EventSource, slices: readonly EventSlice[]): string {
  const groups = slices.map(({ key, records }) => `${asciiJson(key)}:[${records.map((r) => r.json).join(',')}]`)
  return `${envelope(source)}${groups.join(',')}}}`
}

/** Bytes of an event without its records. */
export function envelopeBytes(source: EventSource): number {
  return envelope(source).length + '}}'.length
}

/** Bytes that a partition costs in an event before its first record: its key, and a comma before it. */
export function sliceBytes(key: string): number {
  return asciiJson(key).length + ':[],'.length
}

/** Bytes that an encoded record costs in an event: its own, and a comma. */
export function recordBytes({ json }: { json: string | null }): number {
  return json === null ? 0 : json.length + 1
}

function envelope({ arn, bootstrapServers }: EventSource): string {
  const source = arn === null ? '"SelfManagedKafka"' : `"aws:kafka","eventSourceArn":${asciiJson(arn)}`
  return `{"eventSource":${source},"bootstrapServers":${asciiJson(bootstrapServers)},"records":{`
}

/** A floor for the encoded size: base64 makes 4 bytes of 3, and each byte of a header is at least a digit and a comma. */
function bytesAtLeast(key: Buffer | null, value: Buffer | null, headers: KafkaMessage['headers']): number {
  let bytes = ((key?.length ?? 0) + (value?.length ?? 0)) * (4 / 3)
  for (const [, one] of headers ?? []) bytes += (one?.length ?? 0) * 2
  return bytes
}

/** One object per header, in order, duplicates kept. Values are bytes as numbers from 0 to 255. */
function encodeHeaders(headers: readonly Header[]): string {
  return `[${headers.map(([name, value]) => `{${asciiJson(name)}:${byteList(value)}}`).join(',')}]`
}

/** Not documented by AWS: a header without a value. We send no bytes, because readers map over the array. */
function byteList(value: Buffer | null): string {
  return value === null ? '[]' : `[${value.join(',')}]`
}

function asciiJson(text: string): string {
  return asciiText(JSON.stringify(text))
}

function asciiText(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
