// Protobuf: binary, behind the position of its message in the schema's file. As JSON it is ProtoJSON.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
import protobuf from 'protobufjs'
import protojson from 'protobufjs/ext/protojson.js'
import type { Codec, SchemaReference } from './codec.ts'

/** Nesting of messages in a position. Far more than a schema has, far less than a payload could claim. */
const depthMax = 32

export function compileProtobuf(text: string, references: readonly SchemaReference[]): Codec {
  const root = new protobuf.Root()
  for (const reference of references) protobuf.parse(reference.text, root)
  for (const name of protobuf.parse(text, root).imports ?? []) addWellKnown(root, name)
  root.resolveAll()
  const messages = messagesIn(text)
  return {
    toJson(payload) {
      const { path, bytes } = readPath(payload)
      const type = root.lookupType(nameAt(messages, path))
      return protojson.toJsonString(type, type.decode(bytes))
    },
  }
}

/** Timestamp, Struct and the others that come with Protobuf itself and that no registry keeps. */
function addWellKnown(root: protobuf.Root, name: string): void {
  const known = protobuf.common.get(name)
  if (known?.nested) root.addJSON(known.nested)
}

/** The messages of the file alone, in its order: what it imports has no part in their positions. */
function messagesIn(text: string): protobuf.Type[] {
  const alone = new protobuf.Root()
  const { package: name } = protobuf.parse(text, alone)
  const namespace = name ? alone.lookup(name) : alone
  return namespace instanceof protobuf.Namespace ? typesOf(namespace) : []
}

function typesOf(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.filter((one) => one instanceof protobuf.Type)
}

function nameAt(messages: protobuf.Type[], path: readonly number[]): string {
  let among = messages
  let type: protobuf.Type | undefined
  for (const index of path) {
    type = among[index]
    if (!type) throw new Error(`The schema has no message at ${path.join('.')}`)
    among = typesOf(type)
  }
  return type?.fullName ?? ''
}

/** Zigzag numbers: how many follow, then an index for each level. A single 0 is short for the first message. */
function readPath(payload: Buffer): { path: number[]; bytes: Buffer } {
  const reader = protobuf.Reader.create(payload)
  const depth = reader.sint32()
  if (depth < 0 || depth > depthMax) throw new Error(`A message lies at most ${depthMax} deep, not ${depth}`)
  const path = depth === 0 ? [0] : Array.from({ length: depth }, () => reader.sint32())
  return { path, bytes: payload.subarray(reader.pos) }
}
