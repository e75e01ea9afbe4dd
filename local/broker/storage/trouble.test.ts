import { expect, it } from 'vitest'
import { createTopics } from '../api/create-topics.ts'
import { deleteTopics } from '../api/delete-topics.ts'
import { fetch } from '../api/fetch.ts'
import { offsetCommit } from '../api/offset-commit.ts'
import { offsetFetch } from '../api/offset-fetch.ts'
import { produce } from '../api/produce.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { ask } from '../testing/ask.ts'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryBroker, temporaryDirectory } from '../testing/temporary.ts'
import { troubled } from '../testing/troubled-storage.ts'
import { disk } from './disk.ts'
import { memoryStorage } from './memory.ts'

const topics = [{ name: 'events', partitions: 2 }]

/** The time of the records, so that none is too old. */
const clock = { now: () => 0 }

async function send(port: number, value: string, index = 0, name = 'events') {
  const records = buildBatch({ records: [{ value }] })
  const given = [{ name, partitions: [{ index, records }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics: given }
  return (await ask(port, produce, 9, request)).responses[0]?.partitions[0]
}

async function sizeOf(port: number): Promise<{ end?: number; bytes?: number }> {
  const partitions = [{ partition: 0, fetchOffset: 0, maxBytes: 1_000_000, replicaDirectoryId: '' }]
  const { responses } = await ask(port, fetch, 12, {
    ...{ clusterId: null, replicaState: null, maxWaitMs: 0, minBytes: 1, isolationLevel: 0, sessionId: 0 },
    ...{ topics: [{ name: 'events', topicId: '', partitions }], forgottenTopics: [], rackId: '' },
  })
  const read = responses[0]?.partitions[0]
  return { end: read?.highWatermark, bytes: read?.records?.length }
}

async function commit(port: number, committedOffset: number) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: null }]
  const member = { groupId: 'g', memberId: '', groupInstanceId: null }
  return (await ask(port, offsetCommit, 8, { ...member, topics: [{ name: 'events', partitions }] })).topics[0]
    ?.partitions[0]?.errorCode
}

async function committed(port: number) {
  const wanted = [{ name: 'events', partitionIndexes: [0] }]
  const answer = await ask(port, offsetFetch, 7, { groupId: 'g', topics: wanted, groups: [], requireStable: false })
  return answer.topics[0]?.partitions[0]?.committedOffset
}

async function create(port: number, name: string) {
  const wanted = { name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }
  return (await ask(port, createTopics, 5, { topics: [wanted], timeoutMs: 1000, validateOnly: false })).topics[0]
    ?.errorCode
}

it.each(['ENOSPC', 'EROFS'] as const)(
  'while the disk says %s nothing is acknowledged, and all goes on after',
  async (code) => {
    const { storage, refuse } = troubled(disk)
    const dataDir = temporaryDirectory()
    const { port, close } = await temporaryBroker({ dataDir, storage, topics, clock })
    await send(port, 'before')
    await commit(port, 1)
    const whole = await sizeOf(port)

    refuse(code)
    const storageError = { errorCode: errorCode.KAFKA_STORAGE_ERROR, baseOffset: -1 }
    expect(await send(port, 'never')).toMatchObject({ ...storageError, errorMessage: expect.stringContaining(code) })
    expect(await send(port, 'never', 1)).toMatchObject(storageError)
    expect(await commit(port, 2)).toBe(errorCode.COORDINATOR_NOT_AVAILABLE)
    expect(await create(port, 'more')).toBe(errorCode.KAFKA_STORAGE_ERROR)
    expect([await sizeOf(port), await committed(port)]).toEqual([whole, 1])

    refuse(null)
    expect(await send(port, 'after')).toMatchObject({ errorCode: 0, baseOffset: 1 })
    expect(await send(port, 'after', 1)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await commit(port, 2)).toBe(0)
    expect(await create(port, 'more')).toBe(0)
    const kept = await sizeOf(port)
    await close()
    const reopened = await temporaryBroker({ dataDir, clock })
    expect([await sizeOf(reopened.port), await committed(reopened.port)]).toEqual([kept, 2])
  },
)

it('says once what fails again and again', async () => {
  const { storage, refuse } = troubled(memoryStorage())
  const lines: string[] = []
  const { port } = await temporaryBroker({ storage, topics, log: (line) => lines.push(line) })
  refuse('ENOSPC')
  for (let attempt = 0; attempt < 5; attempt++) await send(port, 'never')
  expect(lines).toEqual(['events-0: cannot be written: ENOSPC: the disk is in trouble'])
})

it('keeps to its memory: retention makes room, else there is a clear error, until something is deleted', async () => {
  const short = { name: 'short', partitions: 1, configs: { 'retention.bytes': '1048576' } }
  const { port } = await temporaryBroker({ storage: memoryStorage(8 * 1024 * 1024), topics: [...topics, short], clock })
  const value = 'x'.repeat(500_000)
  const sendMany = async (name: string) => {
    const answers = []
    for (let sent = 0; sent < 30; sent++) answers.push(await send(port, value, 0, name))
    return answers
  }
  for (const answer of await sendMany('short')) expect(answer?.errorCode).toBe(0)
  expect((await sendMany('events')).at(-1)).toMatchObject({
    errorCode: errorCode.KAFKA_STORAGE_ERROR,
    errorMessage: 'ENOSPC: no room left of the 8 MB that the broker keeps in memory',
  })
  await ask(port, deleteTopics, 4, { topics: [], topicNames: ['events'], timeoutMs: 1000 })
  for (const answer of await sendMany('short')) expect(answer?.errorCode).toBe(0)
})

it('with --fsync acknowledges after the disk has answered, and not when it failed', async () => {
  const { storage, holdSyncs, refuseSync } = troubled(disk)
  const { port } = await temporaryBroker({ dataDir: temporaryDirectory(), storage, topics, fsync: true })
  const release = holdSyncs()
  let acknowledged = false
  const sending = send(port, 'held').then((answer) => {
    acknowledged = true
    return answer
  })
  // Once a reader sees the record it is written, and only the disk's answer is missing.
  while ((await sizeOf(port)).end === 0);
  expect(acknowledged).toBe(false)
  release()
  expect(await sending).toMatchObject({ errorCode: 0, baseOffset: 0 })
  refuseSync('EIO')
  expect(await send(port, 'failed')).toMatchObject({ errorCode: errorCode.KAFKA_STORAGE_ERROR })
  refuseSync(null)
  expect(await send(port, 'again')).toMatchObject({ errorCode: 0, baseOffset: 2 })
})

it('with --fsync waits for the disk once for all who came meanwhile', async () => {
  const trouble = troubled(disk)
  const { storage, holdSyncs } = trouble
  const { port } = await temporaryBroker({ dataDir: temporaryDirectory(), storage, topics, fsync: true })
  const release = holdSyncs()
  const first = send(port, 'first')
  while (trouble.syncs === 0) await new Promise((resolve) => setImmediate(resolve))
  const others = Array.from({ length: 20 }, () => send(port, 'other'))
  while ((await sizeOf(port)).end !== 21);
  release()
  for (const answer of await Promise.all([first, ...others])) expect(answer?.errorCode).toBe(0)
  expect(trouble.syncs).toBe(2)
})
