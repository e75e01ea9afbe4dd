// Decodes records by a schema registry, as Lambda does before it filters and batches them.
// https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html
import type { SchemaRegistrySettings } from '../settings.ts'
import { compileAvro } from './avro.ts'
import { type RegisteredSchema, registryClient } from './client.ts'
import type { Codec, CompileSchema } from './codec.ts'
import { compileJsonSchema } from './json-schema.ts'
import { compileProtobuf } from './protobuf.ts'

/** A record's attribute and what a registry says of it. */
export interface SchemaMetadata {
  dataFormat: 'AVRO' | 'PROTOBUF' | 'JSON'
  /** The registry's id, as text. */
  schemaId: string
}

export interface DecodedAttribute {
  bytes: Buffer | null
  /** null for an attribute that is not validated, and for a tombstone. */
  metadata: SchemaMetadata | null
}

export type Decoded =
  | { kind: 'decoded'; key: DecodedAttribute; value: DecodedAttribute }
  /** The two error conditions that AWS documents. */
  | Failed
  /** The registry does not answer, so nothing is known of the record: reading must wait and try again. */
  | { kind: 'unavailable'; detail: string }

interface Failed {
  kind: 'failed'
  condition: 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'
  detail: string
}

/** Key and value as the function is to see them. */
export type DecodeRecord = (record: { key: Buffer | null; value: Buffer | null }) => Promise<Decoded>

type KnownSchema =
  | { kind: 'known'; language: RegisteredSchema['language']; codec: Codec }
  | Failed
  | { kind: 'unavailable'; detail: string }

/** Schemas that are kept compiled. A topic has a few; records with ever new ids must not fill memory. */
const schemasMax = 1_000
/** How long a schema that is absent or broken stays so, before the registry is asked again. */
const failureMs = 10_000

const compilers: Record<RegisteredSchema['language'], CompileSchema> = {
  AVRO: compileAvro,
  PROTOBUF: compileProtobuf,
  JSON: compileJsonSchema,
}

/**
 * A decoder for records in Confluent's format: a zero byte, the schema's id in four bytes, the payload.
 *
 * With `JSON` the attribute becomes the payload's JSON; with `SOURCE` it is the payload as it came, behind the id (of
 * Protobuf with the position of its message). Either way it has to fit its schema. A tombstone has nothing to decode.
 * `nowMs` is any clock that never goes back.
 */
export function recordDecoder(settings: SchemaRegistrySettings, nowMs: () => number): DecodeRecord {
  const schemaOf = schemaCache(settings.url, nowMs)
  return async function decodeRecord({ key, value }) {
    const decodedKey = settings.attributes.includes('KEY') ? await decode(key, 'key') : untouched(key)
    if ('kind' in decodedKey) return decodedKey
    const decodedValue = settings.attributes.includes('VALUE') ? await decode(value, 'value') : untouched(value)
    if ('kind' in decodedValue) return decodedValue
    return { kind: 'decoded', key: decodedKey, value: decodedValue }
  }

  async function decode(
    bytes: Buffer | null,
    name: string,
  ): Promise<DecodedAttribute | Exclude<KnownSchema, { kind: 'known' }>> {
    if (bytes === null) return untouched(null)
    if (bytes.length < 5 || bytes[0] !== 0) {
      return failed('DESERIALIZATION_ERROR', `The ${name} does not begin with a zero byte and a schema's id`)
    }
    const id = bytes.readUInt32BE(1)
    const schema = await schemaOf(id)
    if (schema.kind !== 'known') return schema
    const payload = bytes.subarray(5)
    try {
      const json = schema.codec.toJson(payload)
      const metadata = { dataFormat: schema.language, schemaId: String(id) }
      return { bytes: settings.eventRecordFormat === 'JSON' ? Buffer.from(json) : payload, metadata }
    } catch (error) {
      return failed('DESERIALIZATION_ERROR', `The ${name} does not fit schema ${id}: ${messageOf(error)}`)
    }
  }
}

/** Asks once for records that come with the same id at the same time, and remembers what was found. */
function schemaCache(url: string, nowMs: () => number): (id: number) => Promise<KnownSchema> {
  const lookUp = registryClient(url)
  const cache = new Map<number, { schema: Promise<KnownSchema>; untilMs: number }>()

  async function load(id: number): Promise<KnownSchema> {
    const found = await lookUp(id)
    if (found.kind === 'unavailable') return found
    if (found.kind === 'not-found') return failed('SCHEMA_NOT_FOUND', found.detail)
    const { language, text, references } = found.schema
    try {
      return { kind: 'known', language, codec: compilers[language](text, references) }
    } catch (error) {
      return failed('DESERIALIZATION_ERROR', `Schema ${id} cannot be read: ${messageOf(error)}`)
    }
  }

  return function schemaOf(id) {
    const kept = cache.get(id)
    if (kept && kept.untilMs > nowMs()) return kept.schema
    const entry = { schema: load(id), untilMs: Number.POSITIVE_INFINITY }
    cache.delete(id)
    const [oldest] = cache.keys()
    if (cache.size >= schemasMax && oldest !== undefined) cache.delete(oldest)
    cache.set(id, entry)
    void entry.schema.then(({ kind }) => {
      if (kind === 'failed') entry.untilMs = nowMs() + failureMs
      if (kind === 'unavailable') entry.untilMs = Number.NEGATIVE_INFINITY
    })
    return entry.schema
  }
}

function untouched(bytes: Buffer | null): DecodedAttribute {
  return { bytes, metadata: null }
}

function failed(condition: Failed['condition'], detail: string): Failed {
  return { kind: 'failed', condition, detail }
}

/** The first lines say what is wrong; the rest may repeat a whole payload. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500)
}
