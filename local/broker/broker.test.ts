import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import kafkajs, { type Consumer, type Kafka } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from './broker.ts'
import { answersKafka } from './probe.ts'
import { exchange } from './testing/exchange.ts'
import { temporaryBroker, temporaryDirectory } from './testing/temporary.ts'

const topics = [{ name: 'events', partitions: 3 }]

function client(bootstrap: string): Kafka {
  return new kafkajs.Kafka({
    brokers: [bootstrap],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 50 },
  })
}

async function producerOf(kafka: Kafka, idempotent = false) {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, idempotent })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  return producer
}

/** A group member that notes what it is assigned and what it reads; heartbeats and fetches are quick. */
async function member(kafka: Kafka, groupId: string) {
  const values: string[] = []
  const assigned: number[][] = []
  const consumer: Consumer = kafka.consumer({ groupId, heartbeatInterval: 100, maxWaitTimeInMs: 100 })
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  consumer.on('consumer.group_join', ({ payload }) => assigned.push(payload.memberAssignment.events ?? []))
  await consumer.subscribe({ topics: ['events'], fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
  return { consumer, values, assigned }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: String(i), value: String(from + i) }))

const inOrder = (values: string[]) => values.map(Number).sort((a, b) => a - b)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('with kafkajs', () => {
  it('delivers what was produced, plain, gzipped and idempotent', async () => {
    const { bootstrap } = await temporaryBroker({ topics })
    const kafka = client(bootstrap)
    const [plain, idempotent] = [await producerOf(kafka), await producerOf(kafka, true)]
    const compression = kafkajs.CompressionTypes.GZIP
    await plain.send({ topic: 'events', messages: numbered(0, 50) })
    await plain.send({ topic: 'events', messages: numbered(50, 50), compression })
    await idempotent.send({ topic: 'events', messages: numbered(100, 50) })
    await idempotent.send({ topic: 'events', messages: numbered(150, 50) })
    const { values } = await member(kafka, 'readers')
    await until(() => values.length >= 200)
    expect(inOrder(values)).toEqual(upTo(200))
  })

  it('shares the partitions among the members of a group, and hands them over when one leaves', async () => {
    const { bootstrap } = await temporaryBroker({ topics })
    const kafka = client(bootstrap)
    const first = await member(kafka, 'readers')
    const all = () => [...(first.assigned.at(-1) ?? [])].sort()
    await until(() => all().length === 3)
    const second = await member(kafka, 'readers')
    await until(() => first.assigned.length === 2 && second.assigned.length === 1)
    expect([...all(), ...(second.assigned[0] ?? [])].sort()).toEqual([0, 1, 2])
    await second.consumer.disconnect()
    await until(() => all().length === 3)
  })

  it('continues after a restart with the records and the committed offsets it had', async () => {
    const dataDir = temporaryDirectory()
    const before = await temporaryBroker({ dataDir, topics })
    const kafka = client(before.bootstrap)
    const producer = await producerOf(kafka)
    await producer.send({ topic: 'events', messages: numbered(0, 100) })
    const { values } = await member(kafka, 'readers')
    await until(() => values.length >= 100)
    const admin = kafka.admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    const committed = async () => {
      const [topic] = await admin.fetchOffsets({ groupId: 'readers', topics: ['events'] })
      return topic?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
    }
    while ((await committed()) !== 100) await new Promise((resolve) => setTimeout(resolve, 20))
    await before.close()
    await temporaryBroker({ dataDir, port: before.port })
    await producer.send({ topic: 'events', messages: numbered(100, 20) })
    // The same consumer, which the broker has forgotten, joins again and reads what is new. It may have fetched some of
    // that before it knew, and reads those again, as any Kafka consumer would; what was committed it reads once.
    const read = () => [...new Set(values)]
    await until(() => read().length >= 120)
    expect(inOrder(read())).toEqual(upTo(120))
    expect(values.filter((value) => Number(value) < 100)).toHaveLength(100)
  })

  it('creates, grows, describes and deletes topics; deleting one drops what groups committed for it', async () => {
    const { bootstrap } = await temporaryBroker()
    const kafka = client(bootstrap)
    const admin = kafka.admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    const configEntries = [{ name: 'max.message.bytes', value: '2000' }]
    await admin.createTopics({ topics: [{ topic: 'events', numPartitions: 2, configEntries }] })
    await admin.createPartitions({ topicPartitions: [{ topic: 'events', count: 4 }] })
    const { topics: described } = await admin.fetchTopicMetadata({ topics: ['events'] })
    expect(described[0]?.partitions.map(({ partitionId }) => partitionId).sort()).toEqual([0, 1, 2, 3])
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: 'events' }],
    })
    expect(resources[0]?.configEntries).toContainEqual(
      expect.objectContaining({ configName: 'max.message.bytes', configValue: '2000', configSource: 1 }),
    )
    await (await producerOf(kafka)).send({ topic: 'events', messages: numbered(0, 1) })
    const { consumer, values } = await member(kafka, 'readers')
    await until(() => values.length === 1)
    await consumer.disconnect()
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).toEqual(['readers'])
    await admin.deleteTopics({ topics: ['events'] })
    expect(await admin.listTopics()).toEqual([])
    expect((await admin.listGroups()).groups).toEqual([])
  })

  it('compacts a topic: readers find the newest record of each key, at its offset', async () => {
    const { bootstrap } = await temporaryBroker({ cleanerBackoffMs: 10 })
    const kafka = client(bootstrap)
    const admin = kafka.admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    const settings = { 'cleanup.policy': 'compact', 'segment.ms': '1000', 'min.cleanable.dirty.ratio': '0.01' }
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    await admin.createTopics({ topics: [{ topic: 'events', numPartitions: 1, configEntries }] })
    const producer = await producerOf(kafka, true)
    const start = Date.now() - 60_000
    // By their times, the batches lie in segments of two, the last in one of its own.
    for (const [i, keys] of [['a', 'b', 'c'], ['a', 'b'], ['a', 'd'], ['e'], ['last']].entries()) {
      const timestamp = String(start + (i >> 1) * 2000)
      const messages = keys.map((key) => ({ key, value: `${key}${i}`, timestamp }))
      await producer.send({ topic: 'events', messages, compression: kafkajs.CompressionTypes.GZIP })
    }
    // The last batch of a segment always stays.
    const expected = ['2:c0', '3:a1', '4:b1', '5:a2', '6:d2', '7:e3', '8:last4']
    let found: string[] = []
    for (let attempt = 0; found.join() !== expected.join(); attempt++) found = await allOf(kafka, `reader-${attempt}`)
    expect(found).toEqual(expected)
  })
})

/** What a new group reads to the topic's end, as offset:value. */
async function allOf(kafka: Kafka, groupId: string): Promise<string[]> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 20 })
  await consumer.connect()
  await consumer.subscribe({ topics: ['events'], fromBeginning: true })
  const found: string[] = []
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        found.push(`${message.offset}:${message.value}`)
        if (String(message.value).startsWith('last')) resolve()
      },
    })
  })
  await consumer.disconnect()
  return found
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('with strangers', () => {
  it('closes the connection on what is not Kafka, and goes on serving others', async () => {
    const { port } = await temporaryBroker({ topics })
    const garbage = [
      Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
      hex('ffffffff'),
      hex('7fffffff 0012 0000'),
      hex('00000004 0012 0000'),
      hex('00000000'),
      // Metadata v1 that claims two billion topics.
      hex('0000000e 0003 0001 00000001 ffff 7fffffff'),
      // An API that does not exist, and a version of Produce that does not.
      hex('0000000a 7fff 0000 00000001 ffff'),
      hex('0000000a 0000 0063 00000001 ffff'),
      Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + 200) % 256)),
    ]
    for (const bytes of garbage) expect(await exchange(port, bytes)).toHaveLength(0)
    expect(await answersKafka('127.0.0.1', port, 1000)).toBe(true)
  })

  it('tells a client that is too new which versions of ApiVersions it may use', async () => {
    const { port } = await temporaryBroker()
    const [answer] = await exchange(port, hex('0000000b 0012 0063 00000009 ffff 00'), 1)
    expect(answer).toEqual(hex('00000009 0023 00000001 0012 0000 0004'))
  })

  it('answers requests in the order in which they came, in one packet or byte by byte', async () => {
    const { port } = await temporaryBroker()
    const bytes = Buffer.concat([1, 2, 3].map((id) => hex(`0000000e 0003 0001 0000000${id} ffff 00000000`)))
    const answers = await exchange(port, bytes, 3)
    expect(answers.map((answer) => answer.readInt32BE(0))).toEqual([1, 2, 3])
    const socket = connect({ host: '127.0.0.1', port })
    onTestFinished(() => void socket.destroy())
    const answered = new Promise<Buffer>((resolve) => socket.once('data', resolve))
    for (const byte of bytes.subarray(0, 18)) {
      socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await answered).readInt32BE(4)).toBe(1)
  })
})

describe('starting', () => {
  it('throws EADDRINUSE as it comes, before anything is written', async () => {
    const { port } = await temporaryBroker()
    const dataDir = join(temporaryDirectory(), 'never-made')
    await expect(startBroker({ dataDir, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(existsSync(dataDir)).toBe(false)
  })

  it('refuses a directory that another broker holds', async () => {
    const dataDir = temporaryDirectory()
    await temporaryBroker({ dataDir })
    await expect(startBroker({ dataDir, port: 0 })).rejects.toMatchObject({ code: 'DATA_DIRECTORY_IN_USE' })
  })

  it('is told from other programs on its port by a probe', async () => {
    const mute = createServer((socket) => socket.on('error', () => {}))
    const chatty = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    for (const server of [mute, chatty]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void server.close())
      const { port } = server.address() as { port: number }
      expect(await answersKafka('127.0.0.1', port, 100)).toBe(false)
    }
  })
})
