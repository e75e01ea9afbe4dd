// What clients do that mean harm, or are in trouble themselves: the broker goes on, and its memory stays bounded.
import { connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { describeGroups } from './api/describe-groups.ts'
import { fetch } from './api/fetch.ts'
import { listOffsets } from './api/list-offsets.ts'
import { metadata } from './api/metadata.ts'
import { answersKafka } from './probe.ts'
import { errorCode } from './protocol/error-codes.ts'
import { memoryStorage } from './storage/memory.ts'
import { ask } from './testing/ask.ts'
import { exchange } from './testing/exchange.ts'
import { temporaryBroker } from './testing/temporary.ts'

const patienceMs = 30_000

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  // A broker that hangs up may do so in the middle of a write.
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

const closing = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

/** ApiVersions in version 0, correlation id 7: its whole frame. */
const whole = Buffer.from('0000000a0012000000000007ffff', 'hex')

it('serves on while a thousand connections lie idle', async () => {
  const { port } = await temporaryBroker()
  const idle = await Promise.all(Array.from({ length: 1_000 }, () => connected(port)))
  expect(await answersKafka('127.0.0.1', port, patienceMs)).toBe(true)
  const last = idle.at(-1) as Socket
  const answered = new Promise((resolve) => last.once('data', resolve))
  last.write(whole)
  await answered
})

it('hangs up on those whose unfinished requests come to more than it holds, and serves the others', async () => {
  const { port } = await temporaryBroker({ bufferedBytesMax: 1_000_000 })
  const beginning = Buffer.alloc(400_000)
  // Each claims a request of 50 MB and sends a part of it.
  beginning.writeInt32BE(50_000_000)
  const greedy = await Promise.all(Array.from({ length: 5 }, () => connected(port)))
  const hungUp = Promise.race(greedy.map(closing))
  for (const socket of greedy) socket.write(beginning)
  await hungUp
  expect(await answersKafka('127.0.0.1', port, patienceMs)).toBe(true)
})

it('lets go of a peer that vanished in the middle of a request, and of what it had sent', async () => {
  const { port } = await temporaryBroker({ idleMsMax: 200, bufferedBytesMax: 1_000_000 })
  const beginning = Buffer.alloc(900_000)
  beginning.writeInt32BE(50_000_000)
  for (const _ of [1, 2]) {
    const vanished = await connected(port)
    const gone = closing(vanished)
    vanished.write(beginning)
    await gone
  }
  expect(await answersKafka('127.0.0.1', port, patienceMs)).toBe(true)
})

it('does not take a client for idle that waits for its answer', async () => {
  const { port } = await temporaryBroker({ idleMsMax: 100, topics: [{ name: 'events', partitions: 1 }] })
  const all = { sessionId: 0, forgottenTopics: [], rackId: '', clusterId: null, replicaState: null, isolationLevel: 0 }
  const partition = { partition: 0, fetchOffset: 0, maxBytes: 1_000, replicaDirectoryId: '' }
  const topics = [{ name: 'events', topicId: '', partitions: [partition] }]
  const { responses } = await ask(port, fetch, 12, { ...all, maxWaitMs: 1_000, minBytes: 1, topics })
  expect(responses[0]?.partitions[0]).toMatchObject({ errorCode: errorCode.NONE })
})

it('answers what came before the client closed its side, and lets go of one that closed in the middle of a request', async () => {
  const { port } = await temporaryBroker()
  const finished = await connected(port)
  const answered = new Promise<Buffer>((resolve) => finished.once('data', resolve))
  finished.end(whole)
  expect((await answered).readInt32BE(4)).toBe(7)
  await closing(finished)
  const halved = await connected(port)
  const gone = closing(halved)
  halved.resume()
  halved.end(whole.subarray(0, 9))
  await gone
})

it('closes the connection on a request cut short inside its frame', async () => {
  const { port } = await temporaryBroker()
  for (let bytes = 0; bytes < 10; bytes++) {
    const frame = Buffer.concat([Buffer.from([0, 0, 0, bytes]), whole.subarray(4, 4 + bytes)])
    expect(await exchange(port, frame), `${bytes} bytes`).toHaveLength(0)
  }
})

it('answers a question once, however often one request asks it', async () => {
  const { port } = await temporaryBroker({ topics: [{ name: 'events', partitions: 100 }] })
  const often = <T>(each: T): T[] => Array.from({ length: 5_000 }, () => each)
  const about = { includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false }
  const named = often({ name: 'events', topicId: '' })
  const seen = await ask(port, metadata, 8, { ...about, topics: named, allowAutoTopicCreation: false })
  expect(seen.topics).toHaveLength(1)
  const groups = { groups: often('g'), includeAuthorizedOperations: false }
  expect((await ask(port, describeGroups, 5, groups)).groups).toHaveLength(1)
  const partitions = often({ partitionIndex: 0, timestamp: 0, currentLeaderEpoch: -1 })
  const times = { replicaId: -1, isolationLevel: 0, topics: [{ name: 'events', partitions }] }
  const [topic] = (await ask(port, listOffsets, 4, times)).topics
  const codes = topic?.partitions.map((partition) => partition.errorCode) ?? []
  expect(codes.slice(0, 2)).toEqual([errorCode.NONE, errorCode.INVALID_REQUEST])
})

it('makes some topics for a request that names many, and the rest when it is asked again', async () => {
  const { port } = await temporaryBroker({ storage: memoryStorage() })
  const topics = Array.from({ length: 120 }, (_, i) => ({ name: `topic-${i}`, topicId: '' }))
  const about = { includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false }
  const made = async () => {
    const answer = await ask(port, metadata, 8, { ...about, topics, allowAutoTopicCreation: true })
    const codes = answer.topics.map((topic) => topic.errorCode)
    expect(codes.every((code) => code === errorCode.NONE || code === errorCode.LEADER_NOT_AVAILABLE)).toBe(true)
    return codes.filter((code) => code === errorCode.NONE).length
  }
  expect([await made(), await made(), await made()]).toEqual([50, 100, 120])
})
