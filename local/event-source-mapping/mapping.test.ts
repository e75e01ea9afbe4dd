import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerCodecs } from '../../functions/kafka/codecs.ts'
import { produce } from '../broker/api/produce.ts'
import { type RunningBroker, startBroker } from '../broker/broker.ts'
import { crc32c } from '../broker/log/crc32c.ts'
import { ask } from '../broker/testing/ask.ts'
import { buildBatch } from '../broker/testing/build-batch.ts'
import { mappingContract } from './mapping.contract.ts'
import { framed, startTestRegistry } from './schema-registry/testing/registry.ts'
import { numbers, scripted, valuesIn } from './testing/scripted.ts'

const ok = { kind: 'ok', payload: 'null' } as const

let dataDir: string
let broker: RunningBroker

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'freshet-mapping-'))
  broker = await startBroker({ dataDir, port: 0 })
})
afterAll(async () => {
  await broker.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const on = scripted(() => broker.bootstrap)

mappingContract(on)

it('holds few records in memory however many wait, and reads on as they are worked off', async () => {
  const padding = 'x'.repeat(500)
  for (let first = 1; first < 20_000; first += 1_000) {
    const values = numbers(first, first + 999).map((value) => value + padding)
    await Promise.all([on.produce(0, values), on.produce(1, values)])
  }
  let release = (): void => {}
  const blocked = new Promise<void>((resolve) => {
    release = resolve
  })
  const { mapping } = await on.start(
    async () => {
      await blocked
      return ok
    },
    { BatchSize: 1_000 },
  )
  const held = () => mapping.state().partitions.map(({ buffered }) => buffered)
  await on.until(() => held().filter((buffered) => buffered >= 1_000).length === 2)
  await sleep(200)
  expect(Math.max(...held())).toBeLessThan(6_000)
  release()
  await on.until(async () => (await on.committed()).join() === '20000,20000,-1')
})

it('says that Kafka is out of reach, goes on trying, and goes on after a restart without losing anything', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-restart-'))
  const first = await startBroker({ dataDir: directory, port: 0, topics: [{ name: on.topic, partitions: 3 }] })
  const { port, bootstrap } = first
  await first.close()
  const seen: string[] = []
  const settings = { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap] } } }
  const { mapping, happenings } = await on.start(async (event) => {
    seen.push(...valuesIn(event).map(({ value }) => value))
    return ok
  }, settings)
  await on.until(() => happenings.some(({ type }) => type === 'poll-error'))
  const other = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).producer()
  for (const value of ['one', 'two']) {
    const restarted = await startBroker({ dataDir: directory, port })
    await other.connect()
    await other.send({ topic: on.topic, messages: [{ partition: 0, value }] })
    await on.until(() => seen.at(-1) === value)
    await other.disconnect()
    await restarted.close()
  }
  await on.stop(mapping)
  expect([...new Set(seen)]).toEqual(['one', 'two'])
  rmSync(directory, { recursive: true, force: true })
})

describe('a batch that cannot be read', () => {
  /** Produced with bytes that are no gzip. */
  async function notPacked(): Promise<void> {
    const { CompressionCodecs, CompressionTypes } = kafkajs
    const garbage = { compress: async () => Buffer.from('no gzip'), decompress: async () => Buffer.alloc(0) }
    CompressionCodecs[CompressionTypes.GZIP] = () => garbage
    const compression = CompressionTypes.GZIP
    await on.producer.send({ topic: on.topic, compression, messages: [{ partition: 0, value: 'damaged' }] })
    registerCodecs()
  }

  /** Produced with a record whose bytes are none, and the right checksum. */
  async function notDecodable(): Promise<void> {
    const batch = buildBatch({ records: [{ value: 'damaged beyond all recognition' }] })
    batch.fill(0xff, 62)
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
    const topics = [{ name: on.topic, partitions: [{ index: 0, records: batch }] }]
    await ask(broker.port, produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1_000, topics })
  }

  /** Changed where the broker keeps it. */
  async function changedOnDisk(): Promise<void> {
    await on.produce(0, ['as it was'])
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name)
      const at = parentPath.includes(on.topic) ? readFileSync(path).indexOf('as it was') : -1
      if (at < 0) continue
      const file = openSync(path, 'r+')
      writeSync(file, 'as it is ', at)
      closeSync(file)
    }
  }

  it.each([
    ['whose packed bytes are none', notPacked, 'incorrect header check'],
    ['whose records cannot be decoded', notDecodable, 'varlong'],
    ['whose bytes have changed', changedOnDisk, 'its checksum does not fit its bytes'],
  ])(
    '%s stands in the way of its partition alone: that is told, shown, and nothing is skipped',
    async (_, damage, reason) => {
      await on.produce(0, ['before'])
      await damage()
      await on.produce(0, ['after'])
      const seen: string[] = []
      const { happenings, mapping } = await on.start(async (event) => {
        seen.push(...valuesIn(event).map(({ value }) => value))
        return ok
      })
      await on.until(() => happenings.some(({ type }) => type === 'poll-error'))
      await on.produce(1, ['other'])
      await on.until(async () => (await on.committed()).join() === '1,1,-1')
      expect(seen).toEqual(['before', 'other'])
      expect(happenings.filter(({ type }) => type === 'poll-error')).toMatchObject([
        { error: expect.stringContaining(`${on.topic}-0: the record batch at offset 1 to 1 cannot be read`) },
      ])
      const unreadable = { firstOffset: 1, lastOffset: 1, reason: expect.stringContaining(reason) }
      const wayPast = `--bootstrap-server ${broker.bootstrap} --group group-of-${on.topic} --topic ${on.topic}:0 --reset-offsets --to-offset 2`
      expect(mapping.state()).toMatchObject({
        membership: { joined: true },
        partitions: [{ lag: 2, unreadable: { ...unreadable, hint: expect.stringContaining(wayPast) } }, {}, {}],
      })
    },
  )
})

it('hands over what a schema registry decodes, and gives up, with its reason, what it does not', async () => {
  const registry = await startTestRegistry()
  registry.schemas.set(1, { schemaType: 'JSON', schema: '{"type":"object","required":["n"]}' })
  const json = (id: number, value: object) => framed(id, Buffer.from(JSON.stringify(value)))
  await on.produce(0, [json(1, { n: 1 }), json(7, { n: 2 }), json(1, {}), json(1, { n: 4 })])
  const seen: string[] = []
  const { happenings } = await on.start(
    async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    },
    {
      ProvisionedPollerConfig: {},
      SelfManagedKafkaEventSourceConfig: {
        SchemaRegistryConfig: {
          SchemaRegistryURI: registry.url,
          EventRecordFormat: 'JSON',
          SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
        },
      },
    },
  )
  await on.until(async () => (await on.committed())[0] === 4)
  expect(seen.map((value) => JSON.parse(value))).toEqual([{ n: 1 }, { n: 4 }])
  expect(happenings.filter(({ type }) => type === 'dropped')).toMatchObject([
    { records: { [`${on.topic}-0`]: [1] }, reason: 'SCHEMA_NOT_FOUND' },
    { records: { [`${on.topic}-0`]: [2] }, reason: 'DESERIALIZATION_ERROR' },
  ])
  await registry.close()
})
