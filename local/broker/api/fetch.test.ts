import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { FrameReader } from '../protocol/frame.ts'
import { Writer } from '../protocol/writer.ts'
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

it('gives each reader its own bytes, however slowly one takes them in', async () => {
  const { port } = await temporaryBroker({ topics })
  const values = Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + i).repeat(900_000))
  for (const value of values) await send(port, value)
  // More than the operating system holds for a socket: the rest of the answer lies in the broker.
  const slow = await slowRead(port, 0)
  const quick = await slowRead(port, 8)
  const [later, earlier] = [await quick.rest(), await slow.rest()]
  expect(values.filter((value) => later.includes(value))).toEqual(values.slice(8, 15))
  expect(values.filter((value) => earlier.includes(value))).toEqual(values.slice(0, 7))
})

it('gives less while slow readers hold much of its memory, a batch at least, and everything again after', async () => {
  const { port } = await temporaryBroker({ topics, bufferedBytesMax: 7_000_000 })
  const value = 'x'.repeat(900_000)
  for (let i = 0; i < 8; i++) await send(port, value)
  const slow = [await slowRead(port, 0), await slowRead(port, 0), await slowRead(port, 0)]
  const quick = async () => Math.floor((await (await slowRead(port, 0)).rest()).length / value.length)
  const meanwhile = await quick()
  expect([meanwhile >= 1, meanwhile < 7]).toEqual([true, true])
  for (const { rest } of slow) await rest()
  // The broker learns a moment after the clients that all is sent.
  while ((await quick()) < 7);
})

/** Asks for up to 7 MB and takes nothing in but the first bytes, until `rest` is called. */
async function slowRead(port: number, fetchOffset: number) {
  const partitions = [{ partition: 0, fetchOffset, maxBytes: 7_000_000 }]
  const writer = new Writer()
  writer.int32(0)
  for (const each of [fetch.key, 4]) writer.int16(each)
  writer.int32(fetchOffset)
  writer.string('slow', false)
  const topic = { name: 'events', partitions }
  fetch.requestCodec(4).write(writer, { maxWaitMs: 0, minBytes: 1, isolationLevel: 0, topics: [topic] } as never)
  const request = Buffer.from(writer.toBuffer())
  request.writeInt32BE(request.length - 4)
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  onTestFinished(() => void socket.destroy())
  await new Promise((resolve) => socket.once('readable', resolve))
  const rest = async () => {
    const frames = new FrameReader()
    for await (const chunk of socket) {
      frames.push(chunk)
      const frame = frames.next()
      if (frame) return frame.toString('latin1')
    }
    return ''
  }
  return { rest }
}
