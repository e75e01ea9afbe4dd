// Measures how the consumer scales: 1 to 6 processes of one group that drain a topic of 6 partitions into Postgres.
//
//   node local/run.mjs test/bench/scale.ts [--events 60000] [--processes 1,2,3,6]
//
// Real Kafka (its jars, as `npm run fidelity` fetches them) and real Postgres, which waits for the disk. All of them share
// this machine, so the wall rate ends where its cores do; CPU per event is what to plan with.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { openStore } from '../../functions/store/open.ts'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { type MappingProcess, startMappingProcess } from '../../local/mapping/testing/mapping-process.ts'
import { type ApacheKafka, startApacheKafka } from '../fidelity/apache-kafka.ts'
import { type PostgresServer, startPostgresServer } from '../postgres/server.ts'
import { usage } from './usage.ts'

const { values } = parseArgs({ options: { events: { type: 'string' }, processes: { type: 'string' } } })
const events = Number(values.events ?? 60_000)
const counts = (values.processes ?? '1,2,3,6').split(',').map(Number)
const partitions = 6
const chunk = 1_000
const group = pipeline.shop.group
const { timeoutSeconds, memoryMB } = pipeline.functions.consumer

const folder = mkdtempSync(join(tmpdir(), 'freshet-scale-'))
const kafka = await startApacheKafka({ heap: '1g' })
const postgres = await startPostgresServer({ waitsForDisk: true })
const client = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING })
const [admin, producer] = [client.admin(), client.producer()]
try {
  await Promise.all([admin.connect(), producer.connect()])
  console.log(`${events} events, ${partitions} partitions, ${cpus().length} cores`)
  console.log('processes  events/s   CPU µs/event: consumer  Postgres  Kafka')
  for (const count of counts) report(count, await measure(count))
} finally {
  await Promise.all([admin.disconnect(), producer.disconnect()])
  await kafka.stop()
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}

interface Measured {
  seconds: number
  stored: number
  cpuMs: { consumer: number; postgres: number; kafka: number }
}

async function measure(count: number): Promise<Measured> {
  const topic = `scale-${count}`
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
  const storeUrl = `${postgres.url}?schema=scale_${count}`
  const store = await openStore(storeUrl)
  const started = await Promise.all(
    Array.from({ length: count }, (_, index) => startConsumer(topic, `${count}-${index}`, storeUrl)),
  )
  await until(async () => (await sharesOf(started)).every((share) => share === partitions / count))
  await produce(producer, topic, 0, chunk)
  await until(async () => (await store.totals(group)).events === chunk)

  const before = usageOf(started, postgres, kafka)
  const startMs = performance.now()
  // Produced while it is read: the consumers are the slower side by far.
  await produce(producer, topic, chunk, events)
  await until(async () => (await store.totals(group)).events === events + chunk)
  const seconds = (performance.now() - startMs) / 1_000
  const after = usageOf(started, postgres, kafka)

  await Promise.all(started.map((one) => one.end('SIGTERM')))
  await store.close()
  const cpuMs = {
    consumer: after.consumer - before.consumer,
    postgres: after.postgres - before.postgres,
    kafka: after.kafka - before.kafka,
  }
  return { seconds, stored: events, cpuMs }
}

function startConsumer(topic: string, name: string, storeUrl: string): Promise<MappingProcess> {
  const file = join(folder, `${topic}.json`)
  const json = {
    FunctionName: 'consumer',
    Function: { Timeout: timeoutSeconds, MemorySize: memoryMB },
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [kafka.bootstrap] } },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
    Topics: [topic],
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: chunk,
  }
  writeFileSync(file, JSON.stringify(json))
  const handler = 'functions/consumer/handler.ts#handler'
  const env = { ...pipelineEnvironment(), STORE_URL: storeUrl, CONSUMER_GROUP_ID: group }
  return startMappingProcess(['--mapping', file, '--handler', handler, '--data', join(folder, name)], {
    eventsFile: join(folder, `${name}.ndjson`),
    env,
  })
}

async function sharesOf(started: MappingProcess[]): Promise<number[]> {
  const answers = await Promise.all(started.map((one) => one.ask('/ready')))
  return answers.map(({ status, body }) => (status === 200 ? body.partitions.length : -1))
}

async function produce(to: Producer, topic: string, from: number, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += chunk) {
    const messages = Array.from({ length: chunk }, (_, index) => message(from + sent + index))
    await to.send({ topic, messages })
  }
}

function message(n: number) {
  const user = 2_000 + (n % 5_000)
  const event = {
    event_id: `event-${n}`,
    event_type: 'purchase',
    user_id: user,
    product_id: n % 300,
    amount: 19.99,
    timestamp: new Date(Date.UTC(2026, 4, 1) + n).toISOString(),
    region: 'Sydney',
  }
  return { key: String(user), value: JSON.stringify(event), partition: n % partitions }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50)
}

/** CPU so far, ms. */
function usageOf(started: MappingProcess[], { child: server }: PostgresServer, { child: broker }: ApacheKafka) {
  return {
    consumer: started.reduce((sum, { child }) => sum + usage(child).cpuMs, 0),
    postgres: usage(server).cpuMs + backendsMs(server.pid as number),
    kafka: usage(broker).cpuMs,
  }
}

/** Postgres has a process for each connection. They outlive a measurement, but for those of stores that were closed. */
function backendsMs(server: number): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => statOf(pid))
  return stats
    .filter((fields) => fields[1] === server)
    .reduce((sum, fields) => sum + ((fields[11] as number) + (fields[12] as number)) * 10, 0)
}

/** The fields after the program's name; none of a process that has just ended. */
function statOf(pid: string): number[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
  } catch {
    return []
  }
}

function report(count: number, { seconds, stored, cpuMs }: Measured): void {
  const perEvent = (ms: number) => ((ms * 1_000) / stored).toFixed(1)
  const rate = Math.round(stored / seconds).toLocaleString('en')
  console.log(
    `${String(count).padStart(9)}  ${rate.padStart(8)}  ${perEvent(cpuMs.consumer).padStart(22)}` +
      `  ${perEvent(cpuMs.postgres).padStart(8)}  ${perEvent(cpuMs.kafka).padStart(5)}`,
  )
}
