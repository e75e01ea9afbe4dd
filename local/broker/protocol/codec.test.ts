import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Api } from '../api/api.ts'
import { apis } from '../api/table.ts'
import { MalformedFrame, Reader } from './reader.ts'
import type { Field, Struct } from './schema.ts'
import { Writer } from './writer.ts'

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })

const arbitraryOf = {
  bool: fc.boolean(),
  int8: int(8),
  int16: int(16),
  int32: int(32),
  int64: fc.maxSafeInteger(),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  string: fc.string({ unit: 'grapheme', maxLength: 40 }),
  bytes: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  // From 4,096 bytes on they are passed on by reference.
  records: fc.constantFrom(0, 1, 4095, 4096, 5000).map((length) => Buffer.alloc(length, length)),
} as const

/** Values that one version of a message can carry; a field it does not carry has its `absent` value. */
function valuesOf(struct: Struct, version: number): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(struct).map(([name, field]) => [name, valuesFor(field, version)] as const)
  return fc.record(Object.fromEntries(entries), { noNullPrototype: true })
}

function valuesFor(field: Field, version: number): fc.Arbitrary<unknown> {
  if (version < field.since || version > field.until) return fc.constant(field.absent)
  const value = bareOf(field, version)
  return version >= field.nullableSince ? fc.option(value, { nil: null }) : value
}

function bareOf(field: Field, version: number): fc.Arbitrary<unknown> {
  if (field.kind === 'struct') return fc.option(valuesOf(field.of as Struct, version), { nil: null })
  if (field.kind !== 'list') return arbitraryOf[field.kind]
  const of = field.of as Struct | Field
  const element = typeof of.kind === 'string' ? valuesFor(of as Field, version) : valuesOf(of as Struct, version)
  return fc.array(element, { maxLength: 4 })
}

function* messages(): Generator<{ name: string; api: Api; version: number; kind: 'request' | 'response' }> {
  for (const api of apis.values()) {
    for (let version = api.versions[0]; version <= api.versions[1]; version++) {
      for (const kind of ['request', 'response'] as const)
        yield { name: `${api.name} ${kind} v${version}`, api, version, kind }
    }
  }
}

const codecOf = ({ api, version, kind }: { api: Api; version: number; kind: 'request' | 'response' }) =>
  kind === 'request' ? api.requestCodec(version) : api.responseCodec(version)

function written(message: Parameters<typeof codecOf>[0], value: unknown): Buffer {
  const writer = new Writer()
  codecOf(message).write(writer, value as never)
  return writer.toBuffer()
}

describe('every message in every version', () => {
  it('reads back what was written', () => {
    for (const message of messages()) {
      const check = fc.property(valuesOf(message.api[message.kind], message.version), (value) => {
        const bytes = written(message, value)
        const reader = new Reader(bytes)
        expect(isDeepStrictEqual(codecOf(message).read(reader), value), message.name).toBe(true)
        expect(reader.remaining, message.name).toBe(0)
      })
      fc.assert(check, { numRuns: 30 })
    }
  })

  it('refuses damaged bytes with MalformedFrame, or reads them as something else; it never hangs or reaches beyond', () => {
    for (const message of messages()) {
      const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
      const values = valuesOf(message.api[message.kind], message.version)
      const check = fc.property(values, damage, fc.nat(), (value, changes, cut) => {
        const bytes = Buffer.from(written(message, value))
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
        const reader = new Reader(bytes.subarray(0, cut % (bytes.length + 1)))
        try {
          codecOf(message).read(reader)
        } catch (error) {
          expect(error, message.name).toBeInstanceOf(MalformedFrame)
        }
      })
      fc.assert(check, { numRuns: 30 })
    }
  })
})

/** Bytes written down from Kafka's documentation of the wire format, not from this code. */
describe('the wire format', () => {
  const read = (key: number, version: number, hex: string) =>
    apis
      .get(key)
      ?.requestCodec(version)
      .read(new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex')))

  it('has two-byte string lengths in old versions', () => {
    expect(read(12, 0, '0001 67 00000005 0002 6d31')).toEqual({
      groupId: 'g',
      generationId: 5,
      memberId: 'm1',
      groupInstanceId: null,
    })
  })

  it('has compact strings and tagged fields in flexible versions, and skips tags it does not know', () => {
    expect(read(12, 4, '02 67 00000005 03 6d31 00 01 63 02 beef')).toEqual({
      groupId: 'g',
      generationId: 5,
      memberId: 'm1',
      groupInstanceId: null,
    })
  })
})
