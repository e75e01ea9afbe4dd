// Which Kafka the local cloud uses: the embedded broker on a port that is free, or the one that was named.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PipelineError } from '../functions/errors.ts'
import { pipeline } from '../infra/pipeline.ts'
import { answersKafka } from './broker/probe.ts'
import type { LocalOptions } from './options.ts'
import type { BrokerThreadData, BrokerThreadReady } from './threads/broker.ts'
import { startThread, type Thread } from './threads/thread.ts'
import { ensureTopics } from './topics.ts'

export interface LocalKafka {
  bootstrap: string
  notes: string[]
  /** The broker's folder was empty: nothing was ever produced or committed. */
  isNew: boolean
  /** The embedded broker's; absent with --brokers. */
  thread?: Thread<BrokerThreadReady, never>
  stop(): Promise<void>
}

/** Ports tried one after the other when something that is no Kafka holds the wanted one. */
const portsTried = 20

/** @throws PipelineError KAFKA_PORT_TAKEN when a Kafka answers on the port, KAFKA_UNAVAILABLE when `--brokers` does not. */
export async function startKafka(options: LocalOptions, log: (line: string) => void): Promise<LocalKafka> {
  const topics = Object.entries(pipeline.topics).map(([name, { partitions }]) => ({ name, partitions }))
  if (options.brokers !== undefined) {
    await ensureTopics(options.brokers.split(','), topics)
    return { bootstrap: options.brokers, notes: [], isNew: false, stop: async () => {} }
  }
  const dataDir = join(options.data, 'kafka')
  const isNew = !existsSync(dataDir)
  const wanted = options.kafkaPort
  const candidates = wanted === 0 ? [0] : Array.from({ length: portsTried }, (_, i) => wanted + i)
  for (const port of candidates) {
    const thread = await startBrokerThread({ dataDir, port, topics }, log)
    if (!thread) continue
    const notes = port === wanted ? [] : [`port ${wanted} is taken by something else; Kafka is on ${port}`]
    return { bootstrap: thread.ready.bootstrap, notes, isNew, thread, stop: () => thread.stop() }
  }
  throw new PipelineError('KAFKA_PORT_TAKEN', `no free port from ${wanted} to ${wanted + portsTried - 1}`)
}

/** Answers null when something that is no Kafka holds the port. */
async function startBrokerThread(
  data: BrokerThreadData,
  log: (line: string) => void,
): Promise<Thread<BrokerThreadReady, never> | null> {
  try {
    return await startThread<BrokerThreadReady, never, string>('local/threads/broker.ts', data, log)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    if (!(await answersKafka('localhost', data.port, 1_000))) return null
    // Moving aside would leave a quiet page here while their producer writes there.
    throw new PipelineError('KAFKA_PORT_TAKEN', `a Kafka already answers on localhost:${data.port}`, {
      cause: error,
      hint: `Use it with --brokers localhost:${data.port}, or choose another port with --kafka-port N.`,
    })
  }
}
