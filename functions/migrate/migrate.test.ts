// The step of a deploy, against a broker that runs here and a store in a file.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../local/broker/broker.ts'
import { openOffsets } from '../kafka/offsets.ts'
import { handler } from './handler.ts'
import { makeTopics, topicDescriptions } from './topics.ts'

const folder = mkdtempSync(join(tmpdir(), 'migrate-'))
let broker: RunningBroker

beforeAll(async () => {
  broker = await startBroker({ dataDir: join(folder, 'kafka'), port: 0, host: '127.0.0.1', topics: [] })
})

afterAll(async () => {
  await broker.close()
  rmSync(folder, { recursive: true })
})

const config = () => ({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
const topic = (name: string, partitions: number) => ({ name, partitions, retentionMs: 60_000 })

async function partitionsOf(name: string): Promise<number> {
  const offsets = openOffsets(config())
  const found = await offsets.read('nobody', name)
  await offsets.close()
  return found.length
}

it('makes what is absent, and a second deploy makes nothing', async () => {
  const topics = [topic('one', 3), topic('two', 1)]
  expect(await makeTopics(config(), topics)).toEqual({ made: ['one', 'two'], widened: [] })
  expect(await makeTopics(config(), topics)).toEqual({ made: [], widened: [] })
  expect([await partitionsOf('one'), await partitionsOf('two')]).toEqual([3, 1])
  const admin = new Kafka(config()).admin()
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: 'one', configNames: ['retention.ms'] }],
  })
  await admin.disconnect()
  expect(described.resources[0]?.configEntries[0]?.configValue).toBe('60000')
})

it('gives a topic that is too narrow more partitions, and takes none away', async () => {
  await makeTopics(config(), [topic('grows', 2)])
  expect(await makeTopics(config(), [topic('grows', 4)])).toEqual({ made: [], widened: ['grows'] })
  expect(await makeTopics(config(), [topic('grows', 1)])).toEqual({ made: [], widened: [] })
  expect(await partitionsOf('grows')).toBe(4)
})

it('is one invocation that leaves a store and the topics behind', async () => {
  const file = join(folder, 'store.db')
  process.env.KAFKA_BOOTSTRAP_SERVERS = broker.bootstrap
  process.env.STORE_URL = `sqlite:${file}`
  process.env.TOPICS = JSON.stringify([topic('deployed', 2)])
  expect(await handler()).toEqual({ made: ['deployed'], widened: [] })
  expect(existsSync(file)).toBe(true)
})

it('says that no broker answers, and which variable is wrong', async () => {
  const away = { brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING, retry: { retries: 0 } }
  await expect(makeTopics(away, [topic('one', 1)])).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  expect(topicDescriptions.safeParse('[{"name":"one"}]').success).toBe(false)
  expect(topicDescriptions.safeParse('one:3').error?.issues[0]?.message).toContain('expected JSON')
})
