// Protobuf: binary, behind the position of its message in the schema's file. As JSON it is ProtoJSON.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
import protobuf from 'protobufjs'
import protojson from 'protobufjs/ext/protojson.js'
import type { Codec, SchemaReference } from './codec.ts'
import { type FileMessage, readFiles } from './protobuf-files.ts'

/** Nesting of messages in a position. Far more than a schema has, far less than a payload could claim. */
const depthMax = 32

export function compileProtobuf(text: string, references: readonly SchemaReference[]): Codec {
  const { root, messages } = readFiles(text, references)
  return {
    toJson(payload) {
      const { path, bytes } = readPath(payload)
      const type = root.lookupType(nameAt(messages, path))
      return protojson.toJsonString(type, type.decode(bytes))
    },
  }
}

function nameAt(messages: readonly FileMessage[], path: readonly number[]): string {
  let among = messages
  let message: FileMessage | undefined
  for (const index of path) {
    message = among[index]
    if (!message) throw new Error(`The schema has no message at ${path.join('.')}`)
    among = message.nested
  }
  return message?.name ?? ''
}

/** Zigzag numbers: how many follow, then an index for each level. A single 0 is short for the first message. */
function readPath(payload: Buffer): { path: number[]; bytes: Buffer } {
  const reader = protobuf.Reader.create(payload)
  const depth = reader.sint32()
  if (depth < 0 || depth > depthMax) throw new Error(`A message lies at most ${depthMax} deep, not ${depth}`)
  const path = depth === 0 ? [0] : Array.from({ length: depth }, () => reader.sint32())
  return { path, bytes: payload.subarray(reader.pos) }
}
