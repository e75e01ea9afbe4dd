// kafkajs: producers, groups, transactions.
import { CompressionTypes } from 'kafkajs'
import { expect, it } from 'vitest'
import { inAnyOrder, seenOnBoth } from './both.ts'
import { clientOf, failure, numbered, producerOf, take, withAdmin } from './kafkajs-client.ts'

/** Makes a topic that can be written to: Kafka names the leaders of its partitions some moments before they know of it. */
async function made(bootstrap: string, topic: string, numPartitions: number): Promise<void> {
  await withAdmin(bootstrap, async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
    const answers = () => admin.fetchTopicOffsets(topic).catch(() => null)
    while ((await answers()) === null) await new Promise((resolve) => setTimeout(resolve, 50))
  })
}

it.each([0, 1, -1])('records come back with their keys, headers and places, acks %i', async (acks) => {
  const topic = `records-acks${acks}`
  const seen = await seenOnBoth(async (bootstrap) => {
    await made(bootstrap, topic, 3)
    const producer = await producerOf(bootstrap)
    const odd = [
      { key: null, value: null, partition: 0 },
      { key: '', value: '', partition: 1, headers: { a: '1', b: ['2', '3'] } },
    ]
    const sent = await producer.send({ topic, acks, messages: [...numbered(30), ...odd] })
    await producer.disconnect()
    const taken = await take(bootstrap, { topic, groupId: `${topic}-readers`, count: 32 })
    return { sent: inAnyOrder(sent ?? [], 'partition').map(({ logAppendTime, ...rest }) => rest), taken }
  })
  expect(seen.taken).toHaveLength(32)
})

it('gzip batches are kept as they came', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const producer = await producerOf(bootstrap)
    await made(bootstrap, 'gzipped', 1)
    await producer.send({ topic: 'gzipped', compression: CompressionTypes.GZIP, messages: numbered(50) })
    await producer.disconnect()
    return take(bootstrap, { topic: 'gzipped', groupId: 'gzip-readers', count: 50 })
  })
  expect(seen.at(-1)).toMatchObject({ offset: '49', value: 'v49' })
})

it('a group goes on where it stood, and two members share the partitions', async () => {
  await seenOnBoth(async (bootstrap) => {
    const topic = 'shared'
    await made(bootstrap, topic, 4)
    const producer = await producerOf(bootstrap)
    await producer.send({ topic, messages: numbered(20, 'first') })
    const first = await take(bootstrap, { topic, groupId: 'sharers', count: 20 })
    await producer.send({ topic, messages: numbered(20, 'second') })
    await producer.disconnect()
    const second = await take(bootstrap, { topic, groupId: 'sharers', count: 20 })
    return { first, second, members: await twoMembers(bootstrap, topic) }
  })
})

/** How many partitions each of two members ends up with. */
async function twoMembers(bootstrap: string, topic: string): Promise<number[]> {
  const shares = new Map<number, number>()
  const consumers = [0, 1].map((n) => ({
    n,
    consumer: clientOf(bootstrap).consumer({ groupId: 'pair', heartbeatInterval: 200, maxWaitTimeInMs: 200 }),
  }))
  const balanced = new Promise<void>((resolve) => {
    for (const { n, consumer } of consumers) {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        shares.set(n, payload.memberAssignment[topic]?.length ?? 0)
        if (shares.get(0) === 2 && shares.get(1) === 2) resolve()
      })
    }
  })
  for (const { consumer } of consumers) {
    await consumer.connect()
    await consumer.subscribe({ topic })
    await consumer.run({ eachMessage: async () => {} })
  }
  await balanced
  await Promise.all(consumers.map(({ consumer }) => consumer.disconnect()))
  return [...shares.values()]
}

it('an idempotent producer leaves each record once', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    await made(bootstrap, 'idempotent', 1)
    const producer = await producerOf(bootstrap, { idempotent: true, maxInFlightRequests: 1 })
    for (let n = 0; n < 10; n++) await producer.send({ topic: 'idempotent', acks: -1, messages: [{ value: `${n}` }] })
    await producer.disconnect()
    return take(bootstrap, { topic: 'idempotent', groupId: 'idempotent-readers', count: 10 })
  })
  expect(seen.map(({ value }) => value)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
})

it('a transaction is seen when it commits and never when it aborts, and moves its offsets with it', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const topic = 'transactional'
    await made(bootstrap, topic, 1)
    const transactionalId = 'fidelity-transactions'
    const producer = await producerOf(bootstrap, { idempotent: true, maxInFlightRequests: 1, transactionalId })
    const committed = await producer.transaction()
    await committed.send({ topic, messages: numbered(3, 'committed') })
    const offsets = [{ topic, partitions: [{ partition: 0, offset: '2' }] }]
    await committed.sendOffsets({ consumerGroupId: 'moved', topics: offsets })
    await committed.commit()
    const aborted = await producer.transaction()
    await aborted.send({ topic, messages: numbered(3, 'aborted') })
    await aborted.sendOffsets({
      consumerGroupId: 'moved',
      topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }],
    })
    await aborted.abort()
    const last = await producer.transaction()
    await last.send({ topic, messages: numbered(2, 'last') })
    await last.commit()
    await producer.disconnect()
    return {
      committed: await take(bootstrap, { topic, groupId: 'committed-readers', count: 5 }),
      everything: await take(bootstrap, { topic, groupId: 'all-readers', count: 8, readUncommitted: true }),
      moved: await withAdmin(bootstrap, (admin) => admin.fetchOffsets({ groupId: 'moved', topics: [topic] })),
    }
  })
  expect(seen.committed.map(({ value }) => value)).toEqual(['committed0', 'committed1', 'committed2', 'last0', 'last1'])
  expect(seen.moved).toMatchObject([{ partitions: [{ offset: '2' }] }])
})

it('a producer is fenced by a newer one of its transactional id', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const topic = 'fenced'
    await made(bootstrap, topic, 1)
    const config = { idempotent: true, maxInFlightRequests: 1, transactionalId: 'fenced', retry: { retries: 2 } }
    const older = await producerOf(bootstrap, config)
    const transaction = await older.transaction()
    await transaction.send({ topic, messages: [{ value: 'from the older one' }] })
    const newer = await producerOf(bootstrap, config)
    const succeeding = await newer.transaction()
    await succeeding.send({ topic, messages: [{ value: 'from the newer one' }] })
    await succeeding.commit()
    const late = await failure(transaction.commit())
    await Promise.all([older.disconnect(), newer.disconnect()])
    const taken = await take(bootstrap, { topic, groupId: 'fenced-readers', count: 1 })
    return { late, values: taken.map(({ value }) => value) }
  })
  expect(seen.values).toEqual(['from the newer one'])
})

it('what cannot be produced is refused in the same words', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    await withAdmin(bootstrap, (admin) =>
      admin.createTopics({
        topics: [{ topic: 'small', numPartitions: 1, configEntries: [{ name: 'max.message.bytes', value: '1000' }] }],
      }),
    )
    const producer = await producerOf(bootstrap, {
      retry: { retries: 1, initialRetryTime: 10 },
      allowAutoTopicCreation: false,
    })
    const value = 'x'.repeat(2_000)
    const seen = {
      tooLarge: await failure(producer.send({ topic: 'small', messages: [{ value }] })),
      noTopic: await failure(producer.send({ topic: 'never-made', messages: [{ value: 'v' }] })),
      badName: await failure(producer.send({ topic: 'not a name', messages: [{ value: 'v' }] })),
      badAcks: await failure(producer.send({ topic: 'small', acks: 7, messages: [{ value: 'v' }] })),
    }
    await producer.disconnect()
    return seen
  })
  expect(seen.tooLarge).toContain('MESSAGE_TOO_LARGE')
})
