import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import kafkajs, { type Kafka } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { addPartitionsToTxn } from '../api/add-partitions-to-txn.ts'
import { describeTransactions } from '../api/describe-transactions.ts'
import { endTxn } from '../api/end-txn.ts'
import { fetch } from '../api/fetch.ts'
import { initProducerId } from '../api/init-producer-id.ts'
import { listOffsets } from '../api/list-offsets.ts'
import { offsetFetch } from '../api/offset-fetch.ts'
import { produce } from '../api/produce.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { ask } from '../testing/ask.ts'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryBroker, temporaryDirectory } from '../testing/temporary.ts'

const topics = [{ name: 'events', partitions: 2 }]

function client(bootstrap: string): Kafka {
  return new kafkajs.Kafka({
    brokers: [bootstrap],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 5 },
  })
}

async function producerOf(kafka: Kafka, transactionalId: string) {
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner
  const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true, createPartitioner })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  return producer
}

/** Values in the order in which a reader gets them, until `count` have come. */
async function read(kafka: Kafka, count: number, readUncommitted = false): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `check-${readUncommitted}`, readUncommitted, maxWaitTimeInMs: 50 })
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topics: ['events'], fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value))
        if (values.length === count) resolve()
      },
    })
  })
  return values
}

const in0 = (value: string) => ({ topic: 'events', messages: [{ partition: 0, value }] })

it('shows readers of committed records what was committed, never what was aborted', async () => {
  const { bootstrap } = await temporaryBroker({ topics })
  const kafka = client(bootstrap)
  const producer = await producerOf(kafka, 'shop')
  const aborted = await producer.transaction()
  await aborted.send(in0('aborted'))
  await aborted.abort()
  const committed = await producer.transaction()
  await committed.send(in0('a'))
  await committed.send(in0('b'))
  await committed.commit()
  expect(await read(kafka, 2)).toEqual(['a', 'b'])
  expect(await read(kafka, 3, true)).toEqual(['aborted', 'a', 'b'])
})

it('commits offsets together with the records, or neither', async () => {
  const { bootstrap, port } = await temporaryBroker({ topics })
  const kafka = client(bootstrap)
  const producer = await producerOf(kafka, 'shop')
  const offsetsOf = async (requireStable: boolean) => {
    const wanted = [{ groupId: 'g', memberId: null, topics: [{ name: 'events', partitionIndexes: [0] }] }]
    const { groups } = await ask(port, offsetFetch, 8, { groupId: '', groups: wanted, requireStable, topics: null })
    const { committedOffset, errorCode: code } = groups[0]?.topics[0]?.partitions[0] ?? {}
    return [committedOffset, code]
  }
  const send = async (offset: string) => {
    const transaction = await producer.transaction()
    await transaction.send(in0('v'))
    const partitions = [{ partition: 0, offset }]
    await transaction.sendOffsets({ consumerGroupId: 'g', topics: [{ topic: 'events', partitions }] })
    return transaction
  }
  await (await send('7')).abort()
  expect(await offsetsOf(true)).toEqual([-1, errorCode.NONE])
  const second = await send('8')
  expect(await offsetsOf(true)).toEqual([-1, errorCode.UNSTABLE_OFFSET_COMMIT])
  expect(await offsetsOf(false)).toEqual([-1, errorCode.NONE])
  await second.commit()
  expect(await offsetsOf(true)).toEqual([8, errorCode.NONE])
})

/** A transactional producer that speaks the protocol itself, so that a test decides when it does what. */
async function rawProducer(port: number, id: string, transactionTimeoutMs = 60_000) {
  const init = await ask(port, initProducerId, 4, { transactionalId: id, transactionTimeoutMs })
  const holder = { transactionalId: id, producerId: init.producerId, producerEpoch: init.producerEpoch }
  let baseSequence = 0
  return {
    ...holder,
    async add(partition = 0) {
      const added = await ask(port, addPartitionsToTxn, 3, {
        ...holder,
        topics: [{ name: 'events', partitions: [partition] }],
      })
      return added.results[0]?.partitions[0]?.errorCode
    },
    async send(value: string, index = 0) {
      const { producerId, producerEpoch } = holder
      const sequenced = { producerId, producerEpoch, baseSequence, transactional: true }
      const batch = buildBatch({ records: [{ value }], ...sequenced })
      const partitions = [{ index, records: batch }]
      const request = { transactionalId: id, acks: -1, timeoutMs: 1000, topics: [{ name: 'events', partitions }] }
      const { responses } = await ask(port, produce, 9, request)
      baseSequence++
      return responses[0]?.partitions[0]?.errorCode
    },
    async end(committed: boolean) {
      return (await ask(port, endTxn, 3, { ...holder, committed })).errorCode
    },
  }
}

async function stableAndEnd(port: number): Promise<(number | undefined)[]> {
  const offsetAt = async (isolationLevel: number) => {
    const partitions = [{ partitionIndex: 0, timestamp: -1 }]
    const { topics } = await ask(port, listOffsets, 6, {
      replicaId: -1,
      isolationLevel,
      topics: [{ name: 'events', partitions }],
    })
    return topics[0]?.partitions[0]?.offset
  }
  return [await offsetAt(1), await offsetAt(0)]
}

it('fences the producer before when its transactional id is taken over, and aborts what that one left', async () => {
  const { port } = await temporaryBroker({ topics })
  const zombie = await rawProducer(port, 'shop')
  await zombie.add()
  expect(await zombie.send('never')).toBe(errorCode.NONE)
  expect(await stableAndEnd(port)).toEqual([0, 1])
  const heir = await rawProducer(port, 'shop')
  expect(heir.producerId).toBe(zombie.producerId)
  expect(heir.producerEpoch).toBeGreaterThan(zombie.producerEpoch)
  expect(await stableAndEnd(port)).toEqual([2, 2])
  expect(await zombie.add()).toBe(errorCode.PRODUCER_FENCED)
  expect(await zombie.send('never')).toBe(errorCode.INVALID_PRODUCER_EPOCH)
  expect(await zombie.end(true)).toBe(errorCode.PRODUCER_FENCED)
})

it('refuses a transactional batch that belongs to no ongoing transaction, so that none is left open for ever', async () => {
  const { port } = await temporaryBroker({ topics })
  const producer = await rawProducer(port, 'shop')
  expect(await producer.send('early')).toBe(errorCode.INVALID_TXN_STATE)
  await producer.add(0)
  expect(await producer.send('elsewhere', 1)).toBe(errorCode.INVALID_TXN_STATE)
  expect(await stableAndEnd(port)).toEqual([0, 0])
})

it('aborts a transaction whose time is up', async () => {
  let now = 1_000_000
  const { port } = await temporaryBroker({ topics, clock: { now: () => now } })
  const producer = await rawProducer(port, 'shop', 5_000)
  await producer.add()
  await producer.send('late')
  now += 5_001
  while ((await stableAndEnd(port))[0] === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await producer.end(true)).toBe(errorCode.PRODUCER_FENCED)
})

it('keeps open transactions, aborted ones and their holders over a restart', async () => {
  const dataDir = temporaryDirectory()
  // The records carry the time 0, and are not to be past their retention.
  const clock = { now: () => 1_000 }
  const first = await temporaryBroker({ dataDir, topics, clock })
  const aborting = await rawProducer(first.port, 'aborting')
  await aborting.add()
  await aborting.send('aborted')
  await aborting.end(false)
  const open = await rawProducer(first.port, 'open')
  await open.add()
  await open.send('open')
  await first.close()

  const port = (await temporaryBroker({ dataDir, port: first.port, clock })).port
  expect(await stableAndEnd(port)).toEqual([2, 3])
  const fetched = async () => {
    const partition = { partition: 0, fetchOffset: 0, maxBytes: 100_000, replicaDirectoryId: '' }
    const wanted = { name: 'events', topicId: '', partitions: [partition] }
    const limits = { maxWaitMs: 0, minBytes: 1, isolationLevel: 1 }
    const none = { sessionId: 0, forgottenTopics: [], rackId: '', clusterId: null, replicaState: null }
    const { responses } = await ask(port, fetch, 12, { ...limits, ...none, topics: [wanted] })
    return responses[0]?.partitions[0]
  }
  const abortedTransactions = [{ producerId: aborting.producerId, firstOffset: 0 }]
  expect(await fetched()).toMatchObject({ lastStableOffset: 2, highWatermark: 3, abortedTransactions })
  expect(await open.end(true)).toBe(errorCode.NONE)
  expect(await open.end(true)).toBe(errorCode.NONE)
  expect(await open.end(false)).toBe(errorCode.INVALID_TXN_STATE)
  expect(await stableAndEnd(port)).toEqual([4, 4])
})

/** The file without its last entry; a length of four bytes and a CRC precede each. */
function withoutLastEntry(content: Buffer): Buffer {
  let last = 0
  for (let next = 0; next < content.length; next += 8 + content.readInt32BE(next)) last = next
  return content.subarray(0, last)
}

it('finishes after a kill what had been decided before it, in every partition', async () => {
  const clock = { now: () => 1_000 }
  const [dataDir, killedDir] = [temporaryDirectory(), temporaryDirectory()]
  const first = await temporaryBroker({ dataDir, topics, clock })
  const producer = await rawProducer(first.port, 'shop')
  await producer.add()
  await producer.send('v')
  // What is on the disk when the process is killed after the decision and before the first marker.
  cpSync(join(dataDir, 'topics'), join(killedDir, 'topics'), { recursive: true })
  cpSync(join(dataDir, 'topics.json'), join(killedDir, 'topics.json'))
  await producer.end(true)
  const decided = withoutLastEntry(readFileSync(join(dataDir, 'transactions.log')))
  writeFileSync(join(killedDir, 'transactions.log'), decided)

  const { port } = await temporaryBroker({ dataDir: killedDir, clock })
  expect(await stableAndEnd(port)).toEqual([2, 2])
  const { transactionStates } = await ask(port, describeTransactions, 0, { transactionalIds: ['shop'] })
  expect(transactionStates).toMatchObject([{ transactionState: 'CompleteCommit', topics: [] }])
})
