// One record is read from where it lies, and nothing is invented where none lies.
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBroker } from '../../../local/broker/broker.ts'
import { type ReadRecord, recordReader } from './read-record.ts'

const topic = 'retail-events'
let broker: Awaited<ReturnType<typeof startBroker>>
let read: ReadRecord
beforeAll(async () => {
  broker = await startBroker({ port: 0, topics: [{ name: topic, partitions: 1 }] })
  const config = { brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }
  read = recordReader(config)
  const producer = new Kafka(config).producer()
  await producer.connect()
  await producer.send({ topic, messages: ['first', 'second', 'third'].map((value) => ({ value })) })
  await producer.disconnect()
})
afterAll(() => broker.close())

const at = (offset: number) => read({ topic, partition: 0, offset })

it('answers the record of the offset, with its bytes and its time', async () => {
  const record = await at(1)
  expect(record).toMatchObject({ offset: 1, value: Buffer.from('second'), timestamp: expect.any(Number) })
})

it('answers nothing beyond the end of the log', async () => {
  expect(await at(3)).toBeNull()
})

it('says that a topic is unknown', async () => {
  await expect(read({ topic: 'no-such-topic', partition: 0, offset: 0 })).rejects.toThrow('KAFKA_')
})

it('reads two at once and refuses more, until they are read', async () => {
  const asked = await Promise.allSettled([at(0), at(1), at(2)])
  expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(asked[2]).toMatchObject({ reason: { code: 'RATE_LIMITED' } })
  expect((await at(2))?.value?.toString()).toBe('third')
})
