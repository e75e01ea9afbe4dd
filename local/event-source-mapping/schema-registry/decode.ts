// Decodes records by a schema registry, as Lambda does before it filters and batches them.
// https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html

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
  | { kind: 'failed'; condition: 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR'; detail: string }
  /** The registry does not answer, so nothing is known of the record: reading must wait and try again. */
  | { kind: 'unavailable'; detail: string }

/** Key and value as the function is to see them. */
export type DecodeRecord = (record: { key: Buffer | null; value: Buffer | null }) => Promise<Decoded>
