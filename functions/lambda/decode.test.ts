import { expect, it } from 'vitest'
import { decodeRecords, decodeText } from './decode.ts'
import type { KafkaEvent, KafkaEventRecord } from './kafka-event.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const record = { topic: 'my-topic', partition: 0, offset: 15, timestamp: 1545084650987, headers: [] }
const event = (...records: KafkaEventRecord[]): KafkaEvent => ({
  eventSource: 'SelfManagedKafka',
  bootstrapServers: 'localhost:9092',
  records: { 'my-topic-0': records },
})

it('decodes key and value to the bytes that Kafka holds', () => {
  const [decoded] = decodeRecords(event({ ...record, key: base64('4242'), value: base64('{"a":1}') }))
  expect(decoded).toEqual({
    topic: 'my-topic',
    partition: 0,
    offset: 15,
    timestamp: 1545084650987,
    key: Buffer.from('4242'),
    value: Buffer.from('{"a":1}'),
  })
})

it('hands on the headers of a record that has some', () => {
  const headers = [{ trace: [97, 98] }]
  expect(decodeRecords(event({ ...record, value: '', headers }))[0]?.headers).toEqual(headers)
})

it.each([[undefined], [null], ['']])('takes a key of %j for none', (key) => {
  expect(decodeRecords(event({ ...record, key, value: '' }))[0]?.key).toBeNull()
})

it('tells a tombstone, absent or null, from an empty value', () => {
  const values = decodeRecords(event(record, { ...record, value: null }, { ...record, value: '' })).map((r) => r.value)
  expect(values).toEqual([null, null, Buffer.alloc(0)])
})

it('takes the records of every partition, each in its order', () => {
  const records = decodeRecords({
    eventSource: 'aws:kafka',
    records: { 'a-0': [record, { ...record, offset: 16 }], 'a-1': [{ ...record, partition: 1, offset: 3 }] },
  })
  expect(records.map((r) => [r.partition, r.offset])).toEqual([
    [0, 15],
    [0, 16],
    [1, 3],
  ])
})

it.each([[null], [{}], [{ Records: [] }], ['text']])('refuses %j with what it expected', (notKafka) => {
  expect(() => decodeRecords(notKafka as unknown as KafkaEvent)).toThrow(
    /Expected the event of a Kafka event source mapping/,
  )
})

it('says when bytes are not UTF-8', () => {
  expect(decodeText(Buffer.from([0xff, 0xfe])).isUtf8).toBe(false)
  expect(decodeText(Buffer.from('é'))).toEqual({ text: 'é', isUtf8: true })
  expect(decodeText(null)).toEqual({ text: null, isUtf8: true })
})
