// What precedes every request and every response. https://kafka.apache.org/protocol.html#protocol_messages
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

export interface RequestHeader {
  apiKey: number
  version: number
  correlationId: number
  clientId: string
}

/**
 * Reads the header, and leaves the reader at the request's first field. `flexibleSince` names the version from which on
 * an API's header carries tagged fields; the client id keeps its old notation there (KIP-482).
 */
export function readRequestHeader(
  frame: Buffer,
  flexibleSince: (apiKey: number) => number | undefined,
): { header: RequestHeader; reader: Reader } {
  const reader = new Reader(frame)
  const apiKey = reader.int16()
  const version = reader.int16()
  const correlationId = reader.int32()
  const clientId = reader.string(false) ?? ''
  if (version >= (flexibleSince(apiKey) ?? Number.POSITIVE_INFINITY)) skipTaggedFields(reader)
  return { header: { apiKey, version, correlationId, clientId }, reader }
}

function skipTaggedFields(reader: Reader): void {
  const count = reader.unsignedVarint()
  for (let i = 0; i < count; i++) {
    reader.unsignedVarint()
    reader.take(reader.unsignedVarint())
  }
}

/** A writer that stands after the header, and what makes a frame of it. */
export function responseWriter(correlationId: number, flexible: boolean): { writer: Writer; finish(): Buffer[] } {
  const writer = new Writer()
  writer.int32(0)
  writer.int32(correlationId)
  if (flexible) writer.unsignedVarint(0)
  return {
    writer,
    finish() {
      const chunks = writer.chunks()
      chunks[0]?.writeInt32BE(writer.length - 4, 0)
      return chunks
    },
  }
}
