import { expect, it } from 'vitest'
import { ask } from '../testing/ask.ts'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryBroker } from '../testing/temporary.ts'
import { deleteTopics } from './delete-topics.ts'
import { fetch } from './fetch.ts'
import { produce } from './produce.ts'

const topics = [{ name: 'events', partitions: 2 }]

/** Longer than any test may take: an answer that comes was not waited for. */
const forEver = 2 ** 31 - 1

function send(port: number, value: string, partition = 0) {
  const records = buildBatch({ records: [{ value }] })
  const given = [{ name: 'events', partitions: [{ index: partition, records }] }]
  return ask(port, produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topics: given })
}

async function read(port: number, fetchOffset: number, options: { maxWaitMs?: number; minBytes?: number } = {}) {
  const partitions = [0, 1].map((partition) => ({ partition, fetchOffset, maxBytes: 1_000_000 }))
  const wanted = {
    isolationLevel: 0,
    sessionId: 0,
    forgottenTopics: [],
    rackId: '',
    clusterId: null,
    replicaState: null,
  }
  const { responses } = await ask(port, fetch, 12, {
    ...wanted,
    ...{ maxWaitMs: 0, minBytes: 1, ...options },
    topics: [
      { name: 'events', topicId: '', partitions: partitions.map((each) => ({ ...each, replicaDirectoryId: '' })) },
    ],
  })
  return (responses[0]?.partitions ?? []).map(({ errorCode, records, highWatermark }) => {
    return { errorCode, highWatermark, text: (records ?? Buffer.alloc(0)).subarray(61).toString('latin1') }
  })
}

it('answers a reader who waits as soon as a record comes', async () => {
  const { port } = await temporaryBroker({ topics })
  const waiting = read(port, 0, { maxWaitMs: forEver })
  await send(port, 'first', 1)
  const [, one] = await waiting
  expect(one).toMatchObject({ errorCode: 0, highWatermark: 1, text: expect.stringContaining('first') })
})

it('waits for as many bytes as the reader asks for', async () => {
  const { port } = await temporaryBroker({ topics })
  const waiting = read(port, 0, { maxWaitMs: forEver, minBytes: 200 })
  for (const value of ['a', 'b', 'c']) await send(port, value)
  expect(await waiting).toMatchObject([{ highWatermark: 3 }, { highWatermark: 0 }])
})

it('wakes a reader whose topic is deleted', async () => {
  const { port } = await temporaryBroker({ topics })
  const waiting = read(port, 0, { maxWaitMs: forEver })
  await ask(port, deleteTopics, 4, { topics: [], topicNames: ['events'], timeoutMs: 1000 })
  expect(await waiting).toMatchObject([{ errorCode: 3 }, { errorCode: 3 }])
})

it('says at once that an offset is out of range', async () => {
  const { port } = await temporaryBroker({ topics })
  await send(port, 'a')
  expect(await read(port, 1, { maxWaitMs: forEver })).toMatchObject([{ errorCode: 0 }, { errorCode: 1 }])
})
