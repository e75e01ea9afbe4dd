// The loads under which a broker is measured: what kafkajs and librdkafka (kcat) can put through it, and how soon a record arrives.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { Kafka, logLevel, Partitioners } from 'kafkajs'

const topicPartitions = 3
const kafkajsBatch = 1_000
const kafkajsInFlight = 4
const latencyPerSecond = 200
const latencyTickMs = 2

const clientOf = (bootstrap: string) => new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })

/** Makes a topic of three partitions. */
export async function makeTopic(bootstrap: string, topic: string): Promise<void> {
  const admin = clientOf(bootstrap).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: topicPartitions }], waitForLeaders: true })
  await admin.disconnect()
}

/** Produces with kafkajs, acks=all, several requests under way; returns records per second. */
export async function kafkajsProduce(bootstrap: string, topic: string, count: number, value: string): Promise<number> {
  await makeTopic(bootstrap, topic)
  const producer = clientOf(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const messages = Array.from({ length: kafkajsBatch }, (_, i) => ({ key: String(i), value }))
  let left = count
  const startMs = performance.now()
  const send = async () => {
    while (left > 0) {
      left -= kafkajsBatch
      await producer.send({ topic, acks: -1, messages })
    }
  }
  await Promise.all(Array.from({ length: kafkajsInFlight }, send))
  const seconds = (performance.now() - startMs) / 1_000
  await producer.disconnect()
  return count / seconds
}

/** Reads `count` records with kafkajs, from the first fetch's answer to the last one's; returns records per second. */
export async function kafkajsConsume(bootstrap: string, topic: string, count: number): Promise<number> {
  const consumer = clientOf(bootstrap).consumer({ groupId: `${topic}-readers`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
  let read = 0
  let startMs = 0
  const finished = new Promise<void>((resolve) => {
    void consumer.run({
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        read += batch.messages.length
        if (read >= count) resolve()
      },
    })
  })
  await joined
  startMs = performance.now()
  await finished
  const seconds = (performance.now() - startMs) / 1_000
  await consumer.disconnect()
  return count / seconds
}

/** Produces the lines of a file with kcat; returns records per second, the start of the program included. */
export async function kcatProduce(bootstrap: string, topic: string, count: number, file: string): Promise<number> {
  await makeTopic(bootstrap, topic)
  // Without this, all records of 10 ms go to one partition, and a broker that is faster gets more uneven ones to read.
  const evenly = ['-X', 'sticky.partitioning.linger.ms=0']
  return count / (await kcatSeconds(['-P', '-b', bootstrap, '-t', topic, '-X', 'acks=all', ...evenly], file))
}

/**
 * Reads `count` records with kcat; returns records per second, the start of the program included. It stops by the count:
 * to see the end of a topic it would wait for an empty answer, which no broker gives before half a second has passed.
 */
export async function kcatConsume(bootstrap: string, topic: string, count: number): Promise<number> {
  return count / (await kcatSeconds(['-C', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-c', `${count}`, '-q']))
}

async function kcatSeconds(args: string[], input?: string): Promise<number> {
  const startMs = performance.now()
  const kcat = spawn('kcat', args, { stdio: ['pipe', 'ignore', 'inherit'] })
  if (input) createReadStream(input).pipe(kcat.stdin)
  else kcat.stdin.end()
  const [code] = await once(kcat, 'exit')
  if (code !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${code}`)
  return (performance.now() - startMs) / 1_000
}

/** Sends single records at a steady pace and returns, in ms, how long each took from send to the consumer, in order. */
export async function latencies(bootstrap: string, topic: string, count: number, value: string): Promise<number[]> {
  await makeTopic(bootstrap, topic)
  const producer = clientOf(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  const consumer = clientOf(bootstrap).consumer({ groupId: `${topic}-readers`, maxWaitTimeInMs: 1_000 })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic, fromBeginning: true })
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
  const taken: number[] = []
  const finished = new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        taken.push(performance.now() - Number(message.key))
        if (taken.length === count) resolve()
      },
    })
  })
  await joined
  await paced(count, () => {
    void producer.send({ topic, acks: -1, messages: [{ key: String(performance.now()), value }] })
  })
  await finished
  await Promise.all([producer.disconnect(), consumer.disconnect()])
  return taken
}

function paced(count: number, send: () => void): Promise<void> {
  const startMs = performance.now()
  let sent = 0
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1_000) * latencyPerSecond))
      for (; sent < due; sent++) send()
      if (sent < count) return
      clearInterval(timer)
      resolve()
    }, latencyTickMs)
  })
}
