// Publishing and offsets, against a broker that runs here.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ISocketFactory, Kafka } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningBroker, startBroker } from '../../local/broker/broker.ts'
import { kafkaConfig } from './bootstrap.ts'
import { openOffsets } from './offsets.ts'
import { partitionOf } from './partition.ts'
import { openPublisher } from './publish.ts'
import { clusterOf, fetchFrom } from './read-range.ts'

const topic = 'retail-events'
const dataDir = mkdtempSync(join(tmpdir(), 'kafka-'))
let broker: RunningBroker

beforeAll(async () => {
  broker = await start(0)
})

afterAll(async () => {
  await broker.close()
  rmSync(dataDir, { recursive: true })
})

const start = (port: number) =>
  startBroker({ dataDir, port, host: '127.0.0.1', topics: [{ name: topic, partitions: 3 }] })
const config = () => kafkaConfig({ KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap })

test('names the partition and offset where each message really lies', async () => {
  const publisher = openPublisher(await config())
  const keys = Array.from({ length: 50 }, (_, index) => String(1000 + index * 7))
  const first = await publisher.publish(topic, [{ key: '1000', value: 'before' }])
  const places = await publisher.publish(
    topic,
    keys.map((key, index) => ({ key, value: `message ${index}` })),
  )
  const read = await valuesByPlace(keys.length + 1)
  expect(first).toEqual([{ partition: partitionOf('1000', 3), offset: 0 }])
  expect(places.map(({ partition, offset }) => read.get(`${partition}/${offset}`))).toEqual(
    keys.map((_, index) => `message ${index}`),
  )
  await publisher.close()
})

test('reads the bounds of each partition and what a group has committed, null before its first commit', async () => {
  const reader = openOffsets(await config())
  const fresh = await reader.read('never-seen', topic)
  expect(
    fresh.map(({ partition, logStartOffset, committedOffset }) => [partition, logStartOffset, committedOffset]),
  ).toEqual([
    [0, 0, null],
    [1, 0, null],
    [2, 0, null],
  ])
  expect(fresh.reduce((sum, { endOffset }) => sum + endOffset, 0)).toBe(51)
  const caughtUp = await reader.read('reader', topic)
  expect(caughtUp.map(({ committedOffset }) => committedOffset)).toEqual(caughtUp.map(({ endOffset }) => endOffset))
  await reader.close()
})

test('goes on by itself when the broker was away', async () => {
  const publisher = openPublisher(await config())
  const reader = openOffsets(await config())
  const [before] = await publisher.publish(topic, [{ key: 'same', value: 'before' }])
  await reader.read('reader', topic)
  const { port } = broker
  await broker.close()
  await expect(publisher.publish(topic, [{ key: 'same', value: 'lost' }])).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
  })
  await expect(reader.read('reader', topic)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })

  broker = await start(port)
  const [after] = await publisher.publish(topic, [{ key: 'same', value: 'after' }])
  expect(after?.offset).toBeGreaterThan(before?.offset as number)
  expect(await reader.read('reader', topic)).toHaveLength(3)
  await Promise.all([publisher.close(), reader.close()])
})

test('sends over a new connection when the old one died without a word, as in a frozen environment', async () => {
  const sockets: Socket[] = []
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect)
    sockets.push(socket)
    return socket
  }
  let nowMs = 0
  const options = { publishMsMax: 1_500, idleMsMax: 30_000, now: () => nowMs }
  const publisher = openPublisher({ ...(await config()), socketFactory }, options)
  const publish = (value: string) => publisher.publish(topic, [{ key: 'frozen', value }])
  const [first] = await publish('first')
  const silence = () => {
    for (const socket of sockets.splice(0)) {
      // Nothing goes out, nothing comes in, and nobody says that it is over.
      socket.write = () => true
      socket.pause()
    }
  }

  silence()
  nowMs += 60_000
  const [second] = await publish('after a pause')
  expect(second?.offset).toBe((first?.offset as number) + 1)

  // Without a pause before it the first call is told, and the next one has its new connection.
  silence()
  await expect(publish('in use')).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  const [third] = await publish('again')
  expect(third?.offset).toBe((second?.offset as number) + 1)
  await publisher.close()
})

test('a topic that does not exist is refused by name, and nothing is created', async () => {
  const publisher = openPublisher(await config())
  const reader = openOffsets(await config())
  await expect(publisher.publish('absent', [{ key: 'k', value: 'v' }])).rejects.toMatchObject({ code: 'KAFKA_REFUSED' })
  await expect(reader.read('g', 'absent')).rejects.toMatchObject({ code: 'KAFKA_REFUSED' })
  await Promise.all([publisher.close(), reader.close()])
})

test('says that no broker answers where nothing listens, and where something is silent', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number }
  for (const server of ['127.0.0.1:1', `127.0.0.1:${port}`]) {
    const publisher = openPublisher(await kafkaConfig({ KAFKA_BOOTSTRAP_SERVERS: server }))
    await expect(publisher.publish(topic, [{ key: 'k', value: 'v' }])).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      retriable: true,
    })
  }
  silent.close()
})

async function valuesByPlace(count: number): Promise<Map<string, string>> {
  const read = new Map<string, string>()
  const consumer = new Kafka(await config()).consumer({ groupId: 'reader' })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ partition, message }) => {
          read.set(`${partition}/${message.offset}`, String(message.value))
          if (read.size === count) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return read
}

test('sends headers, and a record without a key or a value as such', async () => {
  const publisher = openPublisher(await config())
  const headers = { 'freshet-attempt': '1/token' }
  const [place] = await publisher.publish(topic, [{ key: null, value: null, headers }])
  await publisher.close()
  const cluster = clusterOf(new Kafka(await config()))
  const { partition = 0, offset = 0 } = place ?? {}
  const { messages } = await fetchFrom(cluster, topic, partition, offset)
  await cluster.disconnect()
  expect(messages.find((message) => Number(message.offset) === offset)).toMatchObject({
    key: null,
    value: null,
    headers: { 'freshet-attempt': Buffer.from('1/token') },
  })
})
