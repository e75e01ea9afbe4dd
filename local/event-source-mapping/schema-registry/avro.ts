// Avro: binary, read by the schema that it was written with.
//
// AWS does not document how it writes Avro as JSON. Our choice: plain values, as a reader of the schema expects them. A union
// is the value alone, unless its branches cannot be told apart; bytes are a text with one character a byte, as in Avro's own
// JSON; a long keeps all its digits.
import avro from 'avsc'
import { stringify } from 'lossless-json'
import type { Codec, SchemaReference } from './codec.ts'

export function compileAvro(text: string, references: readonly SchemaReference[]): Codec {
  const registry = { long: exactLong } as Record<string, avro.Type>
  for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text), { registry })
  const type = avro.Type.forSchema(schemaOf(text), { registry })
  return {
    toJson: (payload) => stringify(plain(type.fromBuffer(payload))) ?? 'null',
  }
}

/** A registry keeps the schema `"string"` with its quotes, or without them. */
function schemaOf(text: string): avro.Schema {
  return /^[\s]*[{["]/.test(text) ? JSON.parse(text) : text.trim()
}

/** avsc's own refuses what a double cannot hold. */
const exactLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
})

/** The parts of avsc's reader that bounding it needs. */
interface Tap {
  buf: Buffer
  pos: number
  readLong(): number
  skipLong(): void
  readString(): string
}

interface Readable {
  _read(tap: Tap): unknown
}

/**
 * avsc believes the number of elements that a payload claims, and looks for the payload's end only afterwards: seven bytes
 * could fill the memory. Its types are frozen, so the two readers are replaced for all of them. No element is taken to be
 * smaller than a byte.
 */
function boundCollections(): void {
  readWith(avro.types.ArrayType, function readArray(this: avro.types.ArrayType, tap) {
    const items = this.itemsType as unknown as Readable
    const values: unknown[] = []
    eachElement(tap, () => values.push(items._read(tap)))
    return values
  })
  readWith(avro.types.MapType, function readMap(this: avro.types.MapType, tap) {
    const values = this.valuesType as unknown as Readable
    const entries: [string, unknown][] = []
    eachElement(tap, () => entries.push([tap.readString(), values._read(tap)]))
    return Object.fromEntries(entries)
  })
}

function readWith<T>(type: { prototype: T }, read: (this: T, tap: Tap) => unknown): void {
  Object.defineProperty(type.prototype, '_read', { value: read })
}

/** Blocks of elements, each with its count, until an empty one. A negative count is followed by the block's size. */
function eachElement(tap: Tap, read: () => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) tap.skipLong()
    const elements = Math.abs(count)
    if (!(elements <= tap.buf.length - tap.pos)) throw new Error('truncated buffer')
    for (let i = 0; i < elements; i++) read()
  }
}

boundCollections()

/** Decoded records are instances of classes, and bytes are buffers: here they become what JSON has. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
}
