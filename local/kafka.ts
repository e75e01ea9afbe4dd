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
  /** The embedded broker; absent with --brokers. */
  embedded?: EmbeddedBroker
  stop(): Promise<void>
}

export interface EmbeddedBroker {
  /** Settles with the error when it ended by itself. */
  failed: Promise<Error>
  /** Ends it on purpose; the answered function starts it again, on its port and data. */
  pause(): Promise<() => Promise<void>>
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
    const { bootstrap, port: taken } = thread.ready
    const { stop, ...embedded } = embeddedBroker(thread, () => startBrokerThread({ dataDir, port: taken, topics }, log))
    return { bootstrap, notes, isNew, embedded, stop }
  }
  throw new PipelineError('KAFKA_PORT_TAKEN', `no free port from ${wanted} to ${wanted + portsTried - 1}`)
}

type BrokerThread = Thread<BrokerThreadReady, never>

/** @param start starts it anew; null: its port was taken meanwhile */
function embeddedBroker(
  first: BrokerThread,
  start: () => Promise<BrokerThread | null>,
): EmbeddedBroker & Pick<LocalKafka, 'stop'> {
  let thread = first
  let starting: Promise<void> = Promise.resolve()
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<Error>((resolve) => {
    fail = resolve
  })
  const watch = () => void thread.ended.then((error) => error && fail(error))
  async function startAgain(): Promise<void> {
    const started = await start()
    if (!started) throw new Error(`the port ${first.ready.port} was taken while the broker was away`)
    thread = started
    watch()
  }
  watch()
  return {
    failed,
    async pause() {
      await thread.stop()
      return () => {
        starting = startAgain()
        // Without its broker nothing goes on.
        starting.catch(fail)
        return starting
      }
    },
    async stop() {
      await starting.catch(() => {})
      await thread.stop()
    },
  }
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
