import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import kafkajs, { type Producer } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { bundleEntry } from '../runtime/bundle-entry.mjs'
import { temporaryBroker, temporaryDirectory } from './testing/temporary.ts'

const rounds = 5

/** The command `npm run broker`, in a process of its own; resolves when it is ready. */
async function brokerProcess(
  entry: string,
  dataDir: string,
  port: number,
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [entry, '--port', String(port), '--data', dataDir, '--partitions', '3'])
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, port: Number(/localhost:(\d+)/.exec(line.toString())?.[1]) }
}

/** Sends numbered records, one request after the other, until `stop`; keeps the numbers that were acknowledged. */
async function produce(producer: Producer, acknowledged: Set<string>, stop: () => boolean): Promise<void> {
  for (let n = acknowledged.size; !stop(); n++) {
    const value = `${n}`
    try {
      await producer.send({ topic: 'events', acks: -1, messages: [{ key: String(n % 10), value }] })
      acknowledged.add(value)
    } catch {
      // The broker is gone: the number stays unacknowledged and may or may not be in the log.
    }
  }
}

it('loses nothing acknowledged and doubles nothing over kill -9, with an idempotent producer', async () => {
  const dataDir = temporaryDirectory()
  const entry = await bundleEntry('local/broker/main.ts')
  let { child, port } = await brokerProcess(entry, dataDir, 0)
  const kafka = new kafkajs.Kafka({
    brokers: [`localhost:${port}`],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 50 },
  })
  const producer = kafka.producer({ idempotent: true, createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  const acknowledged = new Set<string>()
  let stopped = false
  const producing = produce(producer, acknowledged, () => stopped)
  for (let round = 1; round <= rounds; round++) {
    const goal = acknowledged.size + 10 + round * 7
    while (acknowledged.size < goal) await new Promise((resolve) => setTimeout(resolve, 1))
    child.kill('SIGKILL')
    await once(child, 'exit')
    child = (await brokerProcess(entry, dataDir, port)).child
  }
  stopped = true
  await producing
  await producer.disconnect()
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])

  const reopened = await temporaryBroker({ dataDir })
  const values = await readAll(reopened.bootstrap)
  expect(values.length).toBe(new Set(values).size)
  expect([...acknowledged].filter((value) => !values.includes(value))).toEqual([])
})

async function readAll(bootstrap: string): Promise<string[]> {
  const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const total = (await admin.fetchTopicOffsets('events')).reduce((sum, { high }) => sum + Number(high), 0)
  await admin.disconnect()
  const consumer = kafka.consumer({ groupId: 'check', maxWaitTimeInMs: 100 })
  onTestFinished(() => consumer.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topics: ['events'], fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        values.push(String(message.value))
        if (values.length === total) resolve()
      },
    })
  })
  return values
}
