import { readFileSync } from 'node:fs'
import avro from 'avsc'
import protobuf from 'protobufjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Decoded, recordDecoder } from './decode.ts'
import { framed, startTestRegistry, type TestRegistry, type TestSchema } from './testing/registry.ts'

let registry: TestRegistry
let now: number

beforeEach(async () => {
  registry = await startTestRegistry()
  now = 0
})
afterEach(() => registry.close())

type Format = 'JSON' | 'SOURCE'

function decoder(eventRecordFormat: Format = 'JSON', attributes: ('KEY' | 'VALUE')[] = ['VALUE'], url = registry.url) {
  return recordDecoder({ url, eventRecordFormat, attributes }, () => now)
}

function decodeValue(value: Buffer | null, format?: Format): Promise<Decoded> {
  return decoder(format)({ key: null, value })
}

function jsonOf(decoded: Decoded): unknown {
  if (decoded.kind !== 'decoded') throw new Error(decoded.detail)
  return JSON.parse(String(decoded.value.bytes))
}

const order = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] } as const

describe("Confluent's own serializers", () => {
  const { recorded, registered } = JSON.parse(
    readFileSync(new URL('fixtures/confluent.json', import.meta.url), 'utf8'),
  ) as { recorded: { format: string; value: string; json: object }[]; registered: (TestSchema & { subject: string })[] }

  beforeEach(() => {
    registered.forEach((schema, index) => {
      registry.schemas.set(index + 1, schema)
      registry.subjects.set(`${schema.subject}/1`, schema)
    })
  })

  it.each(recorded)('are understood, value by value: $format $json', async ({ format, value, json }) => {
    const decoded = await decodeValue(Buffer.from(value, 'base64'))
    if (decoded.kind !== 'decoded') throw new Error(decoded.detail)
    expect(decoded.value.metadata?.dataFormat).toBe(format)
    expect(jsonOf(decoded)).toEqual(json)
    // Above 2^53, so JSON.parse would round it.
    if ('big' in json) expect(String(decoded.value.bytes)).toContain('9007199254740993')
  })

  it.each(recorded)(
    'are left as they are, without the id, for a function that reads them itself: $format $json',
    async ({ value }) => {
      const bytes = Buffer.from(value, 'base64')
      expect(await decodeValue(bytes, 'SOURCE')).toMatchObject({ value: { bytes: bytes.subarray(5) } })
    },
  )
})

describe('Avro', () => {
  const schema = {
    type: 'record',
    name: 'Event',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'amount', type: ['null', 'double'] },
      { name: 'raw', type: 'bytes' },
      { name: 'tags', type: { type: 'array', items: 'string' } },
      { name: 'counts', type: { type: 'map', values: 'int' } },
    ],
  } as const
  const type = avro.Type.forSchema(schema as unknown as avro.Schema)
  const event = { id: 'a', amount: 9.5, raw: Buffer.from([0, 255]), tags: ['x', 'y'], counts: { z: 3 } }

  it('becomes the plain JSON of its values, with the schema told beside it', async () => {
    registry.schemas.set(7, { schema: JSON.stringify(schema) })
    const decoded = await decodeValue(framed(7, type.toBuffer(event)))
    expect(jsonOf(decoded)).toEqual({ ...event, raw: '\u0000ÿ' })
    expect(decoded).toMatchObject({
      value: { metadata: { dataFormat: 'AVRO', schemaId: '7' } },
      key: { metadata: null },
    })
  })

  it('keeps every digit of a long', async () => {
    registry.schemas.set(1, { schema: '"long"', schemaType: 'AVRO' })
    // 2^63 - 1 in zigzag: more than any double holds.
    const payload = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    const decoded = await decodeValue(framed(1, payload))
    expect(decoded).toMatchObject({ value: { bytes: Buffer.from('9223372036854775807') } })
  })

  it('is read with the schemas that its own imports', async () => {
    registry.schemas.set(1, {
      schema: JSON.stringify({ type: 'record', name: 'Sale', fields: [{ name: 'order', type: 'Order' }] }),
      references: [{ name: 'Order', subject: 'orders-value', version: 2 }],
    })
    registry.subjects.set('orders-value/2', { schema: JSON.stringify(order) })
    const payload = avro.Type.forSchema(order as unknown as avro.Schema).toBuffer({ id: 'a' })
    expect(jsonOf(await decodeValue(framed(1, payload)))).toEqual({ order: { id: 'a' } })
  })

  it('is refused when it claims more elements than it has bytes', async () => {
    registry.schemas.set(1, { schema: '{"type":"array","items":"null"}' })
    const claimsBillions = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0x07])
    expect(await decodeValue(framed(1, claimsBillions))).toMatchObject({
      condition: 'DESERIALIZATION_ERROR',
      detail: 'The value does not fit schema 1: truncated buffer',
    })
    // One block that is there, and a second one that is not.
    const lies = Buffer.concat([Buffer.from([2]), claimsBillions])
    expect(await decodeValue(framed(1, lies))).toMatchObject({ condition: 'DESERIALIZATION_ERROR' })
  })
})

describe('JSON Schema', () => {
  const schema = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } }

  beforeEach(() => void registry.schemas.set(3, { schema: JSON.stringify(schema), schemaType: 'JSON' }))

  it('lets what fits through as it is written', async () => {
    const text = '{ "id": "a", "n": 9007199254740993 }'
    const decoded = await decodeValue(framed(3, Buffer.from(text)))
    expect(decoded).toMatchObject({
      value: { bytes: Buffer.from(text), metadata: { dataFormat: 'JSON', schemaId: '3' } },
    })
  })

  it('refuses what does not fit, with the reason', async () => {
    expect(await decodeValue(framed(3, Buffer.from('{"id":7}')))).toEqual({
      kind: 'failed',
      condition: 'DESERIALIZATION_ERROR',
      detail: 'The value does not fit schema 3: value/id must be string',
    })
  })

  it.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('understands %s', async ($schema) => {
    registry.schemas.set(4, { schema: JSON.stringify({ $schema, ...schema }), schemaType: 'JSON' })
    expect(jsonOf(await decodeValue(framed(4, Buffer.from('{"id":"a"}'))))).toEqual({ id: 'a' })
  })
})

describe('Protobuf', () => {
  const schema = `syntax = "proto3"; package shop;
    import "google/protobuf/timestamp.proto";
    message Sale { string event_id = 1; int64 cents = 2; google.protobuf.Timestamp at = 3; message Line { string sku = 1; } }
    message Refund { string reason = 1; }`
  const root = protobuf.parse(schema, new protobuf.Root()).root
  const message = (name: string, value: object): Uint8Array => {
    const type = root.lookupType(name)
    return type.encode(type.fromObject(value)).finish()
  }

  beforeEach(() => void registry.schemas.set(5, { schema, schemaType: 'PROTOBUF' }))

  it('becomes ProtoJSON: names in camel case, 64 bits as text', async () => {
    root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {})
    const sale = message('shop.Sale', { eventId: 'a', cents: '9007199254740993', at: { seconds: 1 } })
    const decoded = await decodeValue(framed(5, Buffer.concat([Buffer.from([0]), sale])))
    expect(jsonOf(decoded)).toEqual({ eventId: 'a', cents: '9007199254740993', at: '1970-01-01T00:00:01Z' })
    expect(decoded).toMatchObject({ value: { metadata: { dataFormat: 'PROTOBUF', schemaId: '5' } } })
  })

  it('is read as the message that its position names', async () => {
    // One index, 1; and two indexes, 0 and 0, for the message within the first one.
    const refund = Buffer.concat([Buffer.from([2, 2]), message('shop.Refund', { reason: 'late' })])
    expect(jsonOf(await decodeValue(framed(5, refund)))).toEqual({ reason: 'late' })
    const line = Buffer.concat([Buffer.from([4, 0, 0]), message('shop.Sale.Line', { sku: 's' })])
    expect(jsonOf(await decodeValue(framed(5, line)))).toEqual({ sku: 's' })
    expect(await decodeValue(framed(5, Buffer.from([2, 8])))).toMatchObject({ condition: 'DESERIALIZATION_ERROR' })
  })

  it('is read with the files that its own imports, and they with what comes with Protobuf', async () => {
    registry.schemas.set(6, {
      schema: 'syntax = "proto3"; import "shop.proto"; message Report { repeated shop.Sale sales = 1; }',
      schemaType: 'PROTOBUF',
      references: [{ name: 'shop.proto', subject: 'shop', version: 1 }],
    })
    registry.subjects.set('shop/1', { schema, schemaType: 'PROTOBUF' })
    const sale = message('shop.Sale', { eventId: 'a' })
    const report = Buffer.from([0, 10, sale.length, ...sale])
    expect(jsonOf(await decodeValue(framed(6, report)))).toEqual({ sales: [{ eventId: 'a' }] })
  })

  it('whose imports the registry does not name is refused, with the name of what is missing', async () => {
    registry.schemas.set(6, {
      schema: 'syntax = "proto3"; import "shop.proto"; message Report { shop.Sale sale = 1; }',
      schemaType: 'PROTOBUF',
    })
    expect(await decodeValue(framed(6, Buffer.from([0])))).toMatchObject({
      condition: 'DESERIALIZATION_ERROR',
      detail: expect.stringMatching(/Schema 6 cannot be read: .*shop\.Sale/),
    })
  })
})

describe('a record', () => {
  beforeEach(() => void registry.schemas.set(1, { schema: JSON.stringify(order) }))
  const payload = Buffer.from([2, 97])

  it('comes as it was produced, without the id, when SOURCE is asked for', async () => {
    expect(await decodeValue(framed(1, payload), 'SOURCE')).toMatchObject({ value: { bytes: payload } })
  })

  it('is decoded in key and value, in one of them, or in neither', async () => {
    const record = { key: framed(1, payload), value: framed(1, payload) }
    const both = await decoder('JSON', ['KEY', 'VALUE'])(record)
    expect(both).toMatchObject({
      key: { bytes: Buffer.from('{"id":"a"}') },
      value: { bytes: Buffer.from('{"id":"a"}') },
    })
    expect(await decoder('JSON', ['KEY'])(record)).toMatchObject({ value: { bytes: record.value, metadata: null } })
  })

  it('that is a tombstone has nothing to decode', async () => {
    expect(await decodeValue(null)).toMatchObject({ kind: 'decoded', value: { bytes: null, metadata: null } })
    expect(registry.asked).toEqual([])
  })

  it.each([[''], ['no magic byte'], ['\u0000abc']])('that begins with %j is a DESERIALIZATION_ERROR', async (text) => {
    expect(await decodeValue(Buffer.from(text))).toMatchObject({ kind: 'failed', condition: 'DESERIALIZATION_ERROR' })
  })

  it('whose schema is no schema is a DESERIALIZATION_ERROR', async () => {
    registry.schemas.set(2, { schema: '{"type":"nonsense"}' })
    expect(await decodeValue(framed(2, payload))).toMatchObject({ condition: 'DESERIALIZATION_ERROR' })
  })
})

describe('the registry', () => {
  const payload = Buffer.from([2, 97])

  it('is asked once for a schema, however many records come with it', async () => {
    registry.schemas.set(1, { schema: JSON.stringify(order) })
    const decode = decoder()
    const record = { key: null, value: framed(1, payload) }
    await Promise.all([decode(record), decode(record)])
    await decode(record)
    expect(registry.asked).toEqual(['/schemas/ids/1'])
  })

  it('is asked again for a schema that it did not have, 10 s later', async () => {
    const decode = decoder()
    const record = { key: null, value: framed(9, payload) }
    expect(await decode(record)).toMatchObject({ kind: 'failed', condition: 'SCHEMA_NOT_FOUND' })
    registry.schemas.set(9, { schema: JSON.stringify(order) })
    now = 9_999
    expect(await decode(record)).toMatchObject({ condition: 'SCHEMA_NOT_FOUND' })
    now = 10_000
    expect(await decode(record)).toMatchObject({ kind: 'decoded' })
  })

  it('that is out of order says nothing about a record, and is asked again at once', async () => {
    registry.schemas.set(1, { schema: JSON.stringify(order) })
    const decode = decoder()
    const record = { key: null, value: framed(1, payload) }
    registry.outage = 503
    expect(await decode(record)).toMatchObject({ kind: 'unavailable' })
    registry.outage = null
    expect(await decode(record)).toMatchObject({ kind: 'decoded' })
  })

  it('gets the name and password of its URL, which no message shows', async () => {
    const url = registry.url.replace('http://', 'http://reader:s3cret@')
    const answer = await decoder('JSON', ['VALUE'], url)({ key: null, value: framed(1, payload) })
    expect(registry.authorization).toBe(`Basic ${Buffer.from('reader:s3cret').toString('base64')}`)
    expect(JSON.stringify(answer)).not.toContain('s3cret')
  })
})
