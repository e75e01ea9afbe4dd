// Reads a Protobuf schema and what it imports: each a file as text, or, as Confluent's Python client registers it, as descriptor.
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import type { SchemaReference } from './codec.ts'

/** A message and those within it, in the order of the file. */
export interface FileMessage {
  /** With its package. */
  name: string
  nested: FileMessage[]
}

export interface ProtobufFiles {
  /** Of all files, resolved. */
  root: protobuf.Root
  /** Of the schema's own file alone: what it imports has no part in the positions of messages. */
  messages: FileMessage[]
}

/** A FileDescriptorProto, as far as it is looked at. */
interface FileDescriptor {
  package?: string
  dependency?: string[]
  messageType?: MessageDescriptor[]
}

interface MessageDescriptor {
  name?: string
  nestedType?: MessageDescriptor[]
}

/** @throws Error when a file is not one, or imports what is not there */
export function readFiles(text: string, references: readonly SchemaReference[]): ProtobufFiles {
  const imported = references.map((reference) => reference.text)
  const texts = imported.filter((one) => !isDescriptor(one))
  const descriptors = imported.filter(isDescriptor).map(decode)
  if (isDescriptor(text)) {
    const file = decode(text)
    const root = withDescriptors(rootOfTexts(texts, [...descriptors, file]), [...descriptors, file])
    return { root, messages: described(file.messageType ?? [], file.package ?? '') }
  }
  if (descriptors.length > 0) throw new Error('It is a text, and imports descriptors')
  return { root: rootOfTexts([...texts, text], []).resolveAll() as protobuf.Root, messages: messagesIn(text) }
}

/** No text in Protobuf's language does without a blank or a semicolon. */
function isDescriptor(text: string): boolean {
  return /^[A-Za-z0-9+/]+=*$/.test(text)
}

function decode(text: string): FileDescriptor {
  const type = descriptor as unknown as { FileDescriptorProto: protobuf.Type }
  return type.FileDescriptorProto.decode(Buffer.from(text, 'base64')) as FileDescriptor
}

/** protobufjs takes descriptors all at once only, with those of everything that they import. */
function withDescriptors(texts: protobuf.Root, files: readonly FileDescriptor[]): protobuf.Root {
  texts.resolveAll()
  const { file = [] } = texts.toDescriptor('proto3')
  return protobuf.Root.fromDescriptor({ file: [...file, ...files] as typeof file })
}

/** Of files, imported ones first, and of what comes with Protobuf itself, where these or the descriptors import it. */
function rootOfTexts(texts: readonly string[], descriptors: readonly FileDescriptor[]): protobuf.Root {
  const root = new protobuf.Root()
  const imports = texts.flatMap((text) => protobuf.parse(text, root).imports ?? [])
  for (const name of new Set([...imports, ...descriptors.flatMap(({ dependency }) => dependency ?? [])])) {
    // Timestamp, Struct and the others: no registry keeps them.
    root.addJSON(protobuf.common.get(name)?.nested ?? {})
  }
  return root
}

function messagesIn(text: string): FileMessage[] {
  const alone = new protobuf.Root()
  const { package: name } = protobuf.parse(text, alone)
  const namespace = name ? alone.lookup(name) : alone
  return namespace instanceof protobuf.Namespace ? parsed(namespace) : []
}

function parsed(namespace: protobuf.NamespaceBase): FileMessage[] {
  const types = namespace.nestedArray.filter((one) => one instanceof protobuf.Type)
  return types.map((type) => ({ name: type.fullName, nested: parsed(type) }))
}

function described(messages: readonly MessageDescriptor[], within: string): FileMessage[] {
  return messages.map(({ name = '', nestedType = [] }) => {
    const full = `${within}.${name}`
    return { name: full, nested: described(nestedType, full) }
  })
}
