// Apache Kafka itself, from its Maven jars: a node to compare with, and its command line tools.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { metadata } from '../../local/broker/api/metadata.ts'
import { ask } from '../../local/broker/testing/ask.ts'
import { endProcess } from '../../local/broker/testing/broker-process.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import { cacheDirectory, type Ended, run, succeed } from './programs.ts'

const version = '4.1.0'
const needsJava = 'Apache Kafka needs Java 17 and Maven: apt-get install openjdk-17-jre-headless maven.'
const startTimeoutMs = 90_000

/** The class path of Kafka's jars, which Maven fetches when they are not there yet. */
export async function kafkaClassPath(): Promise<string> {
  const libs = cacheDirectory(`kafka-${version}`)
  if (!readdirSync(libs).includes(`kafka-tools-${version}.jar`)) {
    const pom = join(root, 'test/fidelity/pom.xml')
    const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${libs}`]
    await succeed('mvn', args, { timeoutMs: 600_000, missing: needsJava })
  }
  return `${libs}/*`
}

/** JVM options under which a tool that runs for a second starts soonest. */
const forShortRuns = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

/** Runs one of Kafka's tools by the name of its class. */
export async function javaTool(
  mainClass: string,
  args: string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<Ended> {
  const classPath = await kafkaClassPath()
  return run('java', [...forShortRuns, '-cp', classPath, mainClass, ...args], { ...options, missing: needsJava })
}

export interface ApacheKafka {
  child: ChildProcess
  port: number
  bootstrap: string
  /** From the command to the first answer that names a broker, in ms; formatting the directory is not part of it. */
  startedInMs: number
  /** Ends it and deletes its data. */
  stop(): Promise<void>
}

/**
 * Starts one node that is broker and controller, with Kafka's defaults but for what a single node needs.
 * `advertisedPort` is the one that clients are told when it is not the node's own.
 */
export async function startApacheKafka(options: { heap?: string; advertisedPort?: number } = {}): Promise<ApacheKafka> {
  const { heap = '512m', advertisedPort } = options
  const classPath = await kafkaClassPath()
  const directory = mkdtempSync(join(tmpdir(), 'freshet-apache-kafka-'))
  const [port, controllerPort] = await freePorts(2)
  const properties = join(directory, 'server.properties')
  writeFileSync(properties, serverProperties(port as number, controllerPort as number, directory, advertisedPort))
  await formatted(properties)
  const startMs = performance.now()
  const child = spawn(
    'java',
    [
      `-Xmx${heap}`,
      `-Xms${heap}`,
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      '-cp',
      classPath,
      'kafka.Kafka',
      properties,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const stop = async () => {
    await endProcess(child, 'SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  const complaints = text(child.stderr)
  try {
    await answering(child, port as number)
  } catch (cause) {
    await stop()
    throw new Error(`Apache Kafka did not start\n${await complaints}`, { cause })
  }
  return { child, port: port as number, bootstrap: `127.0.0.1:${port}`, startedInMs: performance.now() - startMs, stop }
}

const serverProperties = (port: number, controllerPort: number, directory: string, advertisedPort = port) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${advertisedPort}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${directory}/logs
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
`

async function formatted(properties: string): Promise<void> {
  const tool = 'kafka.tools.StorageTool'
  const { code, out, err } = await javaTool(tool, ['format', '-t', 'ZnJlc2hldC1maWRlbGl0eQ', '-c', properties])
  if (code !== 0) throw new Error(`Apache Kafka could not format its directory\n${out}${err}`)
}

/** Asks until an answer names a broker: a node that still registers answers without one. */
async function answering(child: ChildProcess, port: number): Promise<void> {
  const question = { topics: [], includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false }
  const deadline = performance.now() + startTimeoutMs
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await ask(port, metadata, 12, question).catch(() => null)
    if (answer && answer.brokers.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`no answer on port ${port}`)
}

/** Ports that were free a moment ago: Kafka must be told its port before it starts. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address() as { port: number }
      await new Promise((resolve) => server.close(resolve))
      return address.port
    }),
  )
}
