import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeRecords } from '../../functions/lambda/decode.ts'
import {
  encodeEvent,
  envelopeBytes,
  type Header,
  type KafkaMessage,
  recordBytes,
  recordEncoder,
  sliceBytes,
} from './to-event.ts'

const plenty = 1_000_000
const source = { bootstrapServers: 'localhost:9092,other:9093', arn: null }

function eventOf(messages: KafkaMessage[], topic = 'retail-events', partition = 0) {
  const encode = recordEncoder(topic, partition, plenty)
  const records = messages.map((message) => ({ json: encode(message) }))
  return JSON.parse(encodeEvent(source, [{ key: `${topic}-${partition}`, records }]))
}

it('builds the event of self-managed Kafka, field by field', () => {
  const message = {
    offset: '15',
    timestamp: '1545084650987',
    key: Buffer.from('42'),
    value: Buffer.from('{"a":1}'),
    headers: [
      ['twice', Buffer.from('a')],
      ['trace', Buffer.from([0, 127, 255])],
      ['twice', Buffer.from('b')],
      ['none', null],
    ] as const,
    batchContext: { timestampType: 0 },
  }
  expect(eventOf([message])).toEqual({
    eventSource: 'SelfManagedKafka',
    bootstrapServers: 'localhost:9092,other:9093',
    records: {
      'retail-events-0': [
        {
          topic: 'retail-events',
          partition: 0,
          offset: 15,
          timestamp: 1545084650987,
          timestampType: 'CREATE_TIME',
          key: 'NDI=',
          value: 'eyJhIjoxfQ==',
          headers: [{ twice: [97] }, { trace: [0, 127, 255] }, { twice: [98] }, { none: [] }],
        },
      ],
    },
  })
})

it('names the cluster of MSK, and the schemas that a registry decoded by', () => {
  const encode = recordEncoder('t', 0, plenty)
  const message = { offset: '0', timestamp: '1', key: null, value: Buffer.from('{}') }
  const json = encode(message, { valueSchemaMetadata: { dataFormat: 'AVRO', schemaId: '1' } })
  const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/demo/uuid-25'
  const event = JSON.parse(encodeEvent({ ...source, arn }, [{ key: 't-0', records: [{ json }] }]))
  expect(event).toMatchObject({
    eventSource: 'aws:kafka',
    eventSourceArn: arn,
    records: { 't-0': [{ valueSchemaMetadata: { dataFormat: 'AVRO', schemaId: '1' } }] },
  })
})

it('leaves out the key and the value that a record does not have, and keeps empty ones', () => {
  const none = { offset: '0', timestamp: '-1', key: null, value: null, batchContext: { timestampType: 1 } }
  const empty = { offset: '1', timestamp: '0', key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [] }
  const [tombstone, hollow] = eventOf([none, empty]).records['retail-events-0']
  expect(tombstone).toEqual({
    topic: 'retail-events',
    partition: 0,
    offset: 0,
    timestamp: -1,
    timestampType: 'LOG_APPEND_TIME',
    headers: [],
  })
  expect(hollow).toMatchObject({ key: '', value: '' })
})

it('writes null for what a record does not have, for who asks for it', () => {
  const json = recordEncoder('t', 0, plenty, 'null')({ offset: '0', timestamp: '1', key: null, value: null })
  expect(JSON.parse(json as string)).toMatchObject({ key: null, value: null })
})

it('has -1 for the timestamp of a record that was written before Kafka had them', () => {
  const json = recordEncoder('t', 0, plenty)({ offset: '0', key: null, value: null })
  expect(JSON.parse(json as string)).toMatchObject({ timestamp: -1 })
})

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const message: fc.Arbitrary<KafkaMessage> = fc.record({
  offset: fc.nat().map(String),
  timestamp: fc.nat().map(String),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(
    fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), fc.option(bytes)).map((header): Header => header),
  ),
})

it('carries every byte of every record to the function, and takes no more room than was reckoned', () => {
  fc.assert(
    fc.property(fc.array(fc.array(message), { minLength: 1, maxLength: 3 }), (partitions) => {
      const slices = partitions.map((messages, partition) => {
        const encode = recordEncoder('t', partition, plenty)
        return { key: `t-${partition}`, messages, records: messages.map((one) => ({ json: encode(one) as string })) }
      })
      const event = encodeEvent(source, slices)
      const decoded = decodeRecords(JSON.parse(event))
      const sent = slices.flatMap(({ messages }) => messages)
      expect(decoded.map(({ value }) => value)).toEqual(sent.map(({ value }) => value))
      expect(decoded.map(({ key }) => key)).toEqual(sent.map(({ key }) => (key?.length ? key : null)))
      const reckoned = slices.reduce(
        (sum, { key, records }) => sum + sliceBytes(key) + records.reduce((n, record) => n + recordBytes(record), 0),
        envelopeBytes(source),
      )
      expect(Buffer.byteLength(event)).toBeLessThanOrEqual(reckoned)
    }),
  )
})

it('gives up on exactly the records that are longer than allowed', () => {
  fc.assert(
    fc.property(message, (one) => {
      const json = recordEncoder('t', 0, plenty)(one) as string
      expect(recordEncoder('t', 0, json.length)(one)).toBe(json)
      expect(recordEncoder('t', 0, json.length - 1)(one)).toBeNull()
    }),
  )
})
