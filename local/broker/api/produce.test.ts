import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ask } from '../testing/ask.ts'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryBroker, temporaryDirectory } from '../testing/temporary.ts'
import { initProducerId } from './init-producer-id.ts'
import { produce } from './produce.ts'

const topics = [{ name: 'events', partitions: 1 }]

async function send(port: number, records: Buffer, { acks = -1, version = 9, name = 'events', index = 0 } = {}) {
  const given = [{ name, partitions: [{ index, records }] }]
  const { responses } = await ask(port, produce, version, {
    transactionalId: null,
    acks,
    timeoutMs: 1000,
    topics: given,
  })
  return responses[0]?.partitions[0]
}

it('answers with the offset, in the oldest and in the newest version', async () => {
  const { port } = await temporaryBroker({ topics })
  for (let version = 0; version <= 11; version++) {
    const answer = await send(port, buildBatch({ records: [{ value: 'v' }] }), { version })
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: version })
  }
})

it('answers a batch that comes again with its first offset, and refuses one that skips ahead', async () => {
  const { port } = await temporaryBroker({ topics })
  const { producerId, producerEpoch } = await ask(port, initProducerId, 4, {
    transactionalId: null,
    transactionTimeoutMs: 0,
  })
  const batch = (baseSequence: number) =>
    buildBatch({ records: [{ value: 'v' }], producerId, producerEpoch, baseSequence })
  expect(await send(port, batch(0))).toMatchObject({ errorCode: 0, baseOffset: 0 })
  expect(await send(port, batch(1))).toMatchObject({ errorCode: 0, baseOffset: 1 })
  expect(await send(port, batch(0))).toMatchObject({ errorCode: 0, baseOffset: 0 })
  expect(await send(port, batch(3))).toMatchObject({ errorCode: 45 })
})

it('gives every idempotent producer an id of its own, over restarts too', async () => {
  const dataDir = temporaryDirectory()
  const ids: number[] = []
  for (let start = 0; start < 2; start++) {
    const { port, close } = await temporaryBroker({ dataDir })
    for (let producer = 0; producer < 2; producer++) {
      const request = { transactionalId: null, transactionTimeoutMs: 0 }
      ids.push((await ask(port, initProducerId, 4, request)).producerId)
    }
    await close()
  }
  expect(new Set(ids).size).toBe(4)
})

it('refuses what it cannot keep with the error Kafka has for it', async () => {
  const { port } = await temporaryBroker({ topics })
  const batch = () => buildBatch({ records: [{ value: 'v' }] })
  expect(await send(port, batch(), { name: 'absent' })).toMatchObject({ errorCode: 3, baseOffset: -1 })
  expect(await send(port, batch(), { index: 1 })).toMatchObject({ errorCode: 3 })
  expect(await send(port, batch(), { acks: 2 })).toMatchObject({ errorCode: 21 })
  expect(await send(port, Buffer.from('not a batch at all'))).toMatchObject({ errorCode: 2 })
})

it('answers with a storage error while the disk refuses, and goes on when it does not', async () => {
  const dataDir = temporaryDirectory()
  const { port } = await temporaryBroker({ dataDir, topics })
  const folder = join(dataDir, 'topics', 'events')
  const obstacle = join(folder, readdirSync(folder)[0] as string, '0', '00000000000000000000.log')
  mkdirSync(obstacle)
  expect(await send(port, buildBatch({ records: [{ value: 'v' }] }))).toMatchObject({ errorCode: 56, baseOffset: -1 })
  rmdirSync(obstacle)
  expect(await send(port, buildBatch({ records: [{ value: 'v' }] }))).toMatchObject({ errorCode: 0, baseOffset: 0 })
})

it('acknowledges with --fsync as without', async () => {
  const { port } = await temporaryBroker({ topics, fsync: true })
  const answers = await Promise.all([1, 2, 3].map(() => send(port, buildBatch({ records: [{ value: 'v' }] }))))
  expect(answers.map((answer) => answer?.baseOffset).sort()).toEqual([0, 1, 2])
})
