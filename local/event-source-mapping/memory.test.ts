// Memory stays bounded, however much a topic's batches unpack to: docs/event-source-mapping.md names the figure.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { registerCodecs } from '../../functions/kafka/codecs.ts'
import { type RunningBroker, startBroker } from '../broker/broker.ts'
import { bundleEntry } from '../runtime/bundle-entry.mjs'
import type { Drained } from './testing/drain-process.ts'

const boundMB = 640
const partitions = 3
const run = promisify(execFile)

let dataDir: string
let broker: RunningBroker
beforeAll(async () => {
  registerCodecs()
  dataDir = mkdtempSync(join(tmpdir(), 'freshet-memory-'))
  broker = await startBroker({ dataDir, port: 0 })
})
afterAll(async () => {
  await broker.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Sends the same batch to all partitions, `times` over, and drains them by a process of its own. */
async function drain(topic: string, batch: Buffer[], times: number): Promise<Drained> {
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  const admin = kafka.admin()
  await Promise.all([producer.connect(), admin.connect()])
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
  for (let time = 0; time < times; time += 1) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const messages = batch.map((value) => ({ partition, value }))
      await producer.send({ topic, compression: CompressionTypes.GZIP, messages })
    }
  }
  await Promise.all([producer.disconnect(), admin.disconnect()])
  const count = batch.length * times * partitions
  const { stdout } = await run(
    process.execPath,
    [await bundleEntry('local/event-source-mapping/testing/drain-process.ts'), broker.bootstrap, topic, String(count)],
    { timeout: 50_000 },
  )
  const drained = JSON.parse(stdout) as Drained
  expect(drained.handled + drained.dropped).toBe(count)
  return drained
}

it.each([
  ['records that each fit into an invocation', 'large', Array.from({ length: 40 }, () => Buffer.alloc(1024 * 1024)), 2],
  ['records that fit into none', 'huge', [Buffer.alloc(40 * 1024 * 1024)], 2],
])('batches of 40 KB that unpack to %s are read within the bound', async (_name, topic, batch, times) => {
  const drained = await drain(topic, batch, times)
  expect(drained.peakMB).toBeLessThan(boundMB)
})
