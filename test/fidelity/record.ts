// Records what Apache Kafka and its clients write, as fixtures for the codec: `node local/run.mjs test/fidelity/record.ts`.
//
// Clients talk to Kafka through a proxy. What they never ask for is asked here: each request that was seen is sent again
// in every other version that both sides know, so that Kafka's own answer is there for all of them.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ConfigResourceTypes } from 'kafkajs'
import type { Api } from '../../local/broker/api/api.ts'
import { describeCluster } from '../../local/broker/api/describe-cluster.ts'
import { listTransactions } from '../../local/broker/api/list-transactions.ts'
import { offsetForLeaderEpoch } from '../../local/broker/api/offset-for-leader-epoch.ts'
import { saslAuthenticate, saslHandshake } from '../../local/broker/api/sasl.ts'
import { apis } from '../../local/broker/api/table.ts'
import { FrameReader } from '../../local/broker/protocol/frame.ts'
import { readRequestHeader } from '../../local/broker/protocol/header.ts'
import { Writer } from '../../local/broker/protocol/writer.ts'
import { ask } from '../../local/broker/testing/ask.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import { javaTool, startApacheKafka } from './apache-kafka.ts'
import { producerOf, take, withAdmin } from './kafkajs-client.ts'
import { run } from './programs.ts'
import { type Exchange, startRecordingProxy } from './recording-proxy.ts'

const fixtures = join(root, 'local/broker/protocol/fixtures')
const exchangeBytesMax = 6_000
const answerTimeoutMs = 3_000
const resent = 'resent'

const proxy = await startRecordingProxy()
const kafka = await startApacheKafka({ advertisedPort: proxy.port })
proxy.target = kafka.port
const bootstrap = `127.0.0.1:${proxy.port}`
try {
  await withJava()
  await withKafkajs()
  await run(process.env.PYTHON ?? 'python3', [join(root, 'test/fidelity/confluent.py'), bootstrap])
  await withThisCodec()
  await inOtherVersions()
  save(proxy.exchanges)
} finally {
  proxy.close()
  await kafka.stop()
}

async function withJava(): Promise<void> {
  const tool = (name: string, args: string[], input?: string) =>
    javaTool(name, ['--bootstrap-server', bootstrap, ...args], { input })
  const topics = 'org.apache.kafka.tools.TopicCommand'
  const groups = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'
  const configs = 'kafka.admin.ConfigCommand'
  const transactions = 'org.apache.kafka.tools.TransactionsCommand'
  const named = ['--topic', 'recorded']
  await tool(topics, ['--create', ...named, '--partitions', '2', '--config', 'retention.ms=1000000'])
  await tool(topics, ['--alter', ...named, '--partitions', '3'])
  await tool('org.apache.kafka.tools.ConsoleProducer', named, 'a\nb\nc\n')
  const reading = ['--group', 'readers', '--from-beginning', '--max-messages', '3']
  await tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [...named, ...reading])
  await tool(groups, ['--describe', '--group', 'readers'])
  await tool(groups, ['--list', '--state'])
  await tool(groups, ['--reset-offsets', '--to-earliest', '--execute', '--group', 'readers', ...named])
  await tool(groups, ['--delete-offsets', '--group', 'readers', ...named])
  await tool(configs, ['--describe', '--all', ...named])
  await tool(configs, ['--alter', '--add-config', 'max.message.bytes=2000', ...named])
  await tool('org.apache.kafka.tools.LogDirsCommand', ['--describe'])
  await tool(transactions, ['list'])
  await tool(transactions, ['describe-producers', ...named, '--partition', '0'])
  await tool(transactions, ['describe', '--transactional-id', 'none'])
  await tool(groups, ['--delete', '--group', 'readers'])
}

async function withKafkajs(): Promise<void> {
  const topic = 'recorded-by-kafkajs'
  await withAdmin(bootstrap, async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    const transactional = { idempotent: true, maxInFlightRequests: 1, transactionalId: 'recorded' }
    const producer = await producerOf(bootstrap, transactional)
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ key: 'k', value: 'v', headers: { h: 'x' } }] })
    const partitions = [{ partition: 0, offset: '1' }]
    await transaction.sendOffsets({ consumerGroupId: 'moved', topics: [{ topic, partitions }] })
    await transaction.commit()
    await producer.disconnect()
    await take(bootstrap, { topic, groupId: 'kafkajs-readers', count: 1 })
    await admin.describeGroups(['kafkajs-readers'])
    await admin.deleteGroups(['kafkajs-readers'])
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic }
    const configEntries = [{ name: 'retention.ms', value: '3600000' }]
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] })
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] })
    await admin.deleteTopics({ topics: [topic] })
  })
}

/** What clients ask for rarely, or in newer versions than are served here. */
async function withThisCodec(): Promise<void> {
  await ask(proxy.port, describeCluster, 1, { includeClusterAuthorizedOperations: false })
  await ask(proxy.port, listTransactions, 1, { stateFilters: ['CompleteCommit'], producerIdFilters: [] })
  // On a listener without SASL, Kafka answers that these come at the wrong time.
  await ask(proxy.port, saslHandshake, 1, { mechanism: 'PLAIN' })
  await ask(proxy.port, saslAuthenticate, 2, { authBytes: Buffer.from('\0user\0secret') }).catch(() => {})
  const partitions = [{ partition: 0, leaderEpoch: 0 }]
  await ask(proxy.port, offsetForLeaderEpoch, 4, { topics: [{ topic: 'recorded', partitions }] })
}

/** Sends the largest request seen of each API once more in every version that was not seen. */
async function inOtherVersions(): Promise<void> {
  for (const api of apis.values()) {
    const seen = proxy.exchanges.filter(({ apiKey, version }) => apiKey === api.key && version <= api.versions[1])
    const [largest] = seen.sort((a, b) => b.request.length - a.request.length)
    if (!largest) {
      console.error(`${api.name}: nobody asked for it`)
      continue
    }
    for (let version = api.versions[0]; version <= api.versions[1]; version++) {
      if (!seen.some((exchange) => exchange.version === version)) await resend(api, largest, version)
    }
  }
}

async function resend(api: Api, exchange: Exchange, version: number): Promise<void> {
  const { reader } = readRequestHeader(exchange.request, () => api.flexibleSince)
  const writer = new Writer()
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(1)
  writer.string(resent, false)
  if (version >= api.flexibleSince) writer.unsignedVarint(0)
  try {
    api.requestCodec(version).write(writer, api.requestCodec(exchange.version).read(reader) as never)
  } catch (error) {
    console.error(`${api.name} v${version}: ${(error as Error).message}`)
    return
  }
  if (!(await answered(writer.toBuffer()))) console.error(`${api.name} v${version}: Kafka did not answer`)
}

/** Whether Kafka answers the frame; it closes the connection on what it cannot read. */
function answered(frame: Buffer): Promise<boolean> {
  const length = Buffer.alloc(4)
  length.writeInt32BE(frame.length)
  return new Promise((resolve) => {
    const frames = new FrameReader()
    const socket = connect(proxy.port, '127.0.0.1', () => socket.write(Buffer.concat([length, frame])))
    socket.on('data', (chunk) => {
      frames.push(chunk)
      if (frames.next() === null) return
      resolve(true)
      socket.destroy()
    })
    socket.setTimeout(answerTimeoutMs, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve(false))
  })
}

/** Of each API and version, the exchange with the most in its request and the one with the most in its response. */
function save(exchanges: Exchange[]): void {
  rmSync(fixtures, { recursive: true, force: true })
  mkdirSync(fixtures, { recursive: true })
  for (const api of apis.values()) {
    const chosen = new Set<Exchange>()
    for (let version = api.versions[0]; version <= api.versions[1]; version++) {
      const fitting = exchanges.filter(
        (each) => each.apiKey === api.key && each.version === version && sizeOf(each) < exchangeBytesMax,
      )
      for (const kind of ['request', 'response'] as const) {
        const [largest] = [...fitting].sort((a, b) => b[kind].length - a[kind].length)
        if (largest) chosen.add(largest)
      }
    }
    const lines = [...chosen].map((exchange) => `${JSON.stringify(shown(exchange))}\n`)
    if (lines.length > 0) writeFileSync(join(fixtures, `${api.name}.jsonl`), lines.join(''))
    console.log(`${api.name}: ${lines.length}`)
  }
}

function sizeOf({ request, response }: Exchange): number {
  return request.length + response.length
}

function shown({ apiKey, version, request, response }: Exchange) {
  const { clientId } = readRequestHeader(request, (key) => apis.get(key)?.flexibleSince).header
  return { apiKey, version, clientId, request: request.toString('hex'), response: response.toString('hex') }
}
