// Records of several partitions in the order of their time, read from a real broker.
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startBroker } from '../broker/broker.ts'
import { mergeLog } from './merge-log.ts'

const topic = 'merged'
let broker: Awaited<ReturnType<typeof startBroker>>
beforeEach(async () => {
  broker = await startBroker({ port: 0, topics: [{ name: topic, partitions: 3 }] })
})
afterEach(() => broker.close())
const kafka = () => ({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })

async function send(partition: number, times: number[]): Promise<void> {
  const producer = new Kafka(kafka()).producer()
  await producer.connect()
  await producer.send({ topic, messages: times.map((ms) => ({ partition, value: `${ms}`, timestamp: `${ms}` })) })
  await producer.disconnect()
}

const all = [0, 1, 2].map((partition) => ({ partition, from: 0, to: 1_000 }))

it('gives the oldest of all partitions first, in steps that follow each other without a gap', async () => {
  const times = Array.from({ length: 100 }, (_, index) => 1_000 + index)
  await send(
    0,
    times.filter((ms) => ms % 3 !== 0),
  )
  await send(
    1,
    times.filter((ms) => ms % 3 === 0),
  )
  const given: number[] = []
  const places = [0, 0, 0]
  for await (const { records, stretches } of mergeLog(kafka(), { topic, stretches: all }, 7)) {
    expect(records.length).toBeLessThanOrEqual(7)
    given.push(...records.map(({ timestamp }) => timestamp))
    for (const { partition, from, to } of stretches) {
      expect(from).toBe(places[partition])
      places[partition] = to
    }
    expect(places.reduce((sum, offset) => sum + offset)).toBe(given.length)
  }
  expect(given).toEqual(times)
})

it('gives one step where there is nothing', async () => {
  const steps = []
  for await (const step of mergeLog(kafka(), { topic, stretches: all }, 7)) steps.push(step)
  expect(steps).toEqual([{ records: [], stretches: all.map(({ partition }) => ({ partition, from: 0, to: 0 })) }])
})
