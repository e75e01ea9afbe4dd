// Turns the description of a message, for one version, into a reader and a writer made of closures.
import { MalformedFrame, Reader } from './reader.ts'
import type { Field, ReadOf, Struct, WriteOf } from './schema.ts'
import { Writer } from './writer.ts'

type ReadValue = (reader: Reader) => unknown
type WriteValue = (writer: Writer, value: unknown) => void

/** Reads and writes one version of a message. */
export interface Codec<S extends Struct> {
  read(reader: Reader): ReadOf<S>
  write(writer: Writer, value: WriteOf<S>): void
}

/** Compiles `struct` for one version; `flexible` versions have compact lengths and tagged fields (KIP-482). */
export function compile<S extends Struct>(struct: S, version: number, flexible: boolean): Codec<S> {
  return {
    read: structReader(struct, version, flexible) as Codec<S>['read'],
    write: structWriter(struct, version, flexible) as Codec<S>['write'],
  }
}

function carried(struct: Struct, version: number): [string, Field][] {
  return Object.entries(struct).filter(([, field]) => version >= field.since && version <= field.until)
}

function structReader(struct: Struct, version: number, flexible: boolean): ReadValue {
  const absent: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(struct)) absent[name] = field.absent
  const inOrder: { name: string; read: ReadValue }[] = []
  const tagged = new Map<number, { name: string; read: ReadValue }>()
  for (const [name, field] of carried(struct, version)) {
    const entry = { name, read: valueReader(field, version, flexible) }
    if (field.tag === undefined) inOrder.push(entry)
    else tagged.set(field.tag, entry)
  }
  return (reader) => {
    const value = { ...absent }
    for (const { name, read } of inOrder) value[name] = read(reader)
    if (flexible) readTagged(reader, tagged, value)
    return value
  }
}

function readTagged(
  reader: Reader,
  known: Map<number, { name: string; read: ReadValue }>,
  value: Record<string, unknown>,
): void {
  const count = reader.unsignedVarint()
  for (let i = 0; i < count; i++) {
    const entry = known.get(reader.unsignedVarint())
    const size = reader.unsignedVarint()
    const from = reader.take(size)
    if (!entry) continue
    value[entry.name] = entry.read(new Reader(reader.buffer.subarray(from, from + size)))
  }
}

function valueReader(field: Field, version: number, flexible: boolean): ReadValue {
  const nullable = version >= field.nullableSince
  const read = bareReader(field, version, flexible)
  if (nullable) return read
  return (reader) => {
    const value = read(reader)
    if (value === null) throw new MalformedFrame(`null where a ${field.kind} is required`)
    return value
  }
}

function bareReader(field: Field, version: number, flexible: boolean): ReadValue {
  switch (field.kind) {
    case 'string':
      return (reader) => reader.string(flexible)
    case 'bytes':
    case 'records':
      return (reader) => reader.bytes(flexible)
    case 'list':
      return listReader(elementReader(field, version, flexible), flexible)
    case 'struct':
      return structReader(field.of as Struct, version, flexible)
    default: {
      const kind = field.kind
      return (reader) => reader[kind]()
    }
  }
}

function isField(of: Struct | Field): of is Field {
  return typeof of.kind === 'string'
}

function elementReader(field: Field, version: number, flexible: boolean): ReadValue {
  const of = field.of as Struct | Field
  return isField(of) ? valueReader(of, version, flexible) : structReader(of, version, flexible)
}

function listReader(element: ReadValue, flexible: boolean): ReadValue {
  return (reader) => {
    const count = reader.count(flexible)
    if (count === null) return null
    const values: unknown[] = []
    for (let i = 0; i < count; i++) values.push(element(reader))
    return values
  }
}

function structWriter(struct: Struct, version: number, flexible: boolean): WriteValue {
  const inOrder: { name: string; absent: unknown; write: WriteValue }[] = []
  const tagged: { tag: number; name: string; absent: unknown; write: WriteValue }[] = []
  for (const [name, field] of carried(struct, version)) {
    const entry = { name, absent: field.absent, write: valueWriter(name, field, version, flexible) }
    if (field.tag === undefined) inOrder.push(entry)
    else tagged.push({ ...entry, tag: field.tag })
  }
  tagged.sort((a, b) => a.tag - b.tag)
  return (writer, value) => {
    const from = value as Record<string, unknown>
    for (const { name, absent, write } of inOrder) {
      const given = from[name]
      write(writer, given === undefined ? absent : given)
    }
    if (!flexible) return
    const present = tagged.filter(({ name, absent }) => from[name] !== undefined && from[name] !== absent)
    writer.unsignedVarint(present.length)
    for (const { tag, name, write } of present) {
      const content = new Writer(64)
      write(content, from[name])
      writer.unsignedVarint(tag)
      writer.unsignedVarint(content.length)
      writer.raw(content.toBuffer())
    }
  }
}

function valueWriter(name: string, field: Field, version: number, flexible: boolean): WriteValue {
  const write = bareWriter(field, version, flexible)
  if (version >= field.nullableSince) return write
  return (writer, value) => {
    if (value === null) throw new TypeError(`${name} is null, which version ${version} cannot say`)
    write(writer, value)
  }
}

function bareWriter(field: Field, version: number, flexible: boolean): WriteValue {
  switch (field.kind) {
    case 'string':
      return (writer, value) => writer.string(value as string | null, flexible)
    case 'bytes':
    case 'records':
      return (writer, value) => writer.bytes(value as Buffer | null, flexible)
    case 'list':
      return listWriter(elementWriter(field, version, flexible), flexible)
    case 'struct':
      return structWriter(field.of as Struct, version, flexible)
    default: {
      const kind = field.kind
      return (writer, value) => writer[kind](value as never)
    }
  }
}

function elementWriter(field: Field, version: number, flexible: boolean): WriteValue {
  const of = field.of as Struct | Field
  return isField(of) ? valueWriter('an element', of, version, flexible) : structWriter(of, version, flexible)
}

function listWriter(element: WriteValue, flexible: boolean): WriteValue {
  return (writer, value) => {
    const values = value as unknown[] | null
    writer.count(values?.length ?? null, flexible)
    if (values) for (const each of values) element(writer, each)
  }
}
