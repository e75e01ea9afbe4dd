import kafkajs from 'kafkajs'
import { expect, it } from 'vitest'
import { errorCode } from '../protocol/error-codes.ts'
import { ask } from '../testing/ask.ts'
import { buildBatch } from '../testing/build-batch.ts'
import { temporaryBroker, temporaryDirectory } from '../testing/temporary.ts'
import { alterConfigs, incrementalAlterConfigs } from './alter-configs.ts'
import { deleteRecords } from './delete-records.ts'
import { describeConfigs } from './describe-configs.ts'
import { listOffsets } from './list-offsets.ts'
import { produce } from './produce.ts'

const topics = [{ name: 'events', partitions: 1, configs: { 'retention.ms': '1000000' } }]
const topicResource = kafkajs.ConfigResourceTypes.TOPIC

/** Of the topic's settings those that differ from the defaults. */
async function ownConfigs(port: number) {
  const resources = [{ resourceType: topicResource, resourceName: 'events', configurationKeys: null }]
  const { results } = await ask(port, describeConfigs, 4, {
    resources,
    includeSynonyms: false,
    includeDocumentation: false,
  })
  const own = results[0]?.configs.filter(({ configSource }) => configSource === 1) ?? []
  return Object.fromEntries(own.map(({ name, value }) => [name, value]))
}

async function send(port: number, records: { key?: string; value: string; timestamp?: number }[]) {
  const given = [{ name: 'events', partitions: [{ index: 0, records: buildBatch({ records }) }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 1000, topics: given }
  return (await ask(port, produce, 9, request)).responses[0]?.partitions[0]
}

async function change(port: number, configs: [name: string, operation: number, value: string | null][]) {
  const given = configs.map(([name, configOperation, value]) => ({ name, configOperation, value }))
  const resources = [{ resourceType: topicResource, resourceName: 'events', configs: given }]
  const { responses } = await ask(port, incrementalAlterConfigs, 1, { resources, validateOnly: false })
  return responses[0]?.errorCode
}

const [set, remove, append] = [0, 1, 2]

it('changes some settings of a topic and leaves the others, over a restart too', async () => {
  const dataDir = temporaryDirectory()
  const first = await temporaryBroker({ dataDir, topics })
  const changes: [string, number, string | null][] = [
    ['max.message.bytes', set, '200'],
    ['cleanup.policy', append, 'compact'],
  ]
  expect(await change(first.port, changes)).toBe(errorCode.NONE)
  expect(await change(first.port, [['retention.ms', set, 'soon']])).toBe(errorCode.INVALID_CONFIG)
  expect(await change(first.port, [['no.such.setting', set, '1']])).toBe(errorCode.INVALID_CONFIG)
  expect(await send(first.port, [{ key: 'k', value: 'x'.repeat(200) }])).toMatchObject({
    errorCode: errorCode.MESSAGE_TOO_LARGE,
  })
  expect(await send(first.port, [{ value: 'without a key' }])).toMatchObject({ errorCode: errorCode.INVALID_RECORD })
  await first.close()
  const { port } = await temporaryBroker({ dataDir })
  const changed = { 'retention.ms': '1000000', 'max.message.bytes': '200', 'cleanup.policy': 'compact,delete' }
  expect(await ownConfigs(port)).toEqual(changed)
  expect(await change(port, [['max.message.bytes', remove, null]])).toBe(errorCode.NONE)
  expect(await send(port, [{ key: 'k', value: 'x'.repeat(200) }])).toMatchObject({ errorCode: errorCode.NONE })
})

it('replaces all settings where the client asks in the old way, and none when it only asks whether it could', async () => {
  const { port } = await temporaryBroker({ topics })
  const configs = [{ name: 'segment.ms', value: '5000' }]
  const resources = [{ resourceType: topicResource, resourceName: 'events', configs }]
  await ask(port, alterConfigs, 2, { resources, validateOnly: true })
  expect(await ownConfigs(port)).toEqual({ 'retention.ms': '1000000' })
  await ask(port, alterConfigs, 2, { resources, validateOnly: false })
  expect(await ownConfigs(port)).toEqual({ 'segment.ms': '5000' })
})

it('gives records the time of the broker when the topic says so, and refuses times far ahead when it does not', async () => {
  const clock = { now: () => 1_000_000 }
  const { port } = await temporaryBroker({ topics, clock })
  const ahead = [{ value: 'v', timestamp: 9_000_000 }]
  expect(await send(port, ahead)).toMatchObject({ errorCode: errorCode.INVALID_TIMESTAMP })
  await change(port, [['message.timestamp.type', set, 'LogAppendTime']])
  expect(await send(port, ahead)).toMatchObject({ errorCode: errorCode.NONE, logAppendTimeMs: 1_000_000 })
})

it('deletes the records below an offset for good', async () => {
  const dataDir = temporaryDirectory()
  const clock = { now: () => 1_000 }
  const first = await temporaryBroker({ dataDir, topics, clock })
  for (const value of ['a', 'b', 'c']) await send(first.port, [{ value }])
  const deleteBelow = async (offset: number) => {
    const wanted = [{ name: 'events', partitions: [{ partitionIndex: 0, offset }] }]
    const answer = await ask(first.port, deleteRecords, 2, { topics: wanted, timeoutMs: 1000 })
    return answer.topics[0]?.partitions[0]
  }
  expect(await deleteBelow(4)).toMatchObject({ errorCode: errorCode.OFFSET_OUT_OF_RANGE })
  expect(await deleteBelow(2)).toMatchObject({ errorCode: errorCode.NONE, lowWatermark: 2 })
  await first.close()
  const { port } = await temporaryBroker({ dataDir, clock })
  const earliest = [{ name: 'events', partitions: [{ partitionIndex: 0, timestamp: -2 }] }]
  const { topics: found } = await ask(port, listOffsets, 6, { replicaId: -1, isolationLevel: 0, topics: earliest })
  expect(found[0]?.partitions[0]).toMatchObject({ offset: 2 })
})
