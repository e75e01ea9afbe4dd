// The example of docs/broker.md, which documentation.test.ts compares with the page.

import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { startBroker } from './broker.ts'

it('hands what a producer sends to a consumer', async () => {
  const broker = await startBroker({ port: 0, topics: [{ name: 'orders', partitions: 3 }] })
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.ERROR })

  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ key: '1', value: 'paid' }] })

  const consumer = kafka.consumer({ groupId: 'my-test', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  const value = await new Promise((resolve) => {
    consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) })
  })
  expect(value).toBe('paid')

  await Promise.all([producer.disconnect(), consumer.disconnect()])
  await broker.close()
})
