// The running local cloud: starts every part that `infra/pipeline.ts` describes, in order, and stops them in reverse.
import { join } from 'node:path'
import { pipelineEnvironment } from '../infra/environment.ts'
import { pipeline, type ScenarioDescription } from '../infra/pipeline.ts'
import { type Faults, openFaults } from './faults/faults.ts'
import { storeHolder } from './faults/hold-store.ts'
import { type LocalKafka, startKafka } from './kafka.ts'
import { openLogs } from './log-file.ts'
import { type LocalMappings, startMappings } from './mappings.ts'
import type { LocalOptions } from './options.ts'
import { resumeFromAccount } from './resume.ts'
import { type ProducerSwitch, periodMs, producerSwitch, startBackground } from './scheduled.ts'
import type { News, ProducerState, Start } from './start.ts'
import type { ApiThreadData, ApiThreadMessage, ApiThreadReady, ToApiThread } from './threads/api.ts'
import { errorOf, startThread, type Thread } from './threads/thread.ts'

export interface Stack {
  dashboard: string
  /** What the dashboard asks for, if it does. */
  token: string | undefined
  kafka: string
  /** Events in the store at the start. */
  events: number
  /** Anything that is not as asked, as sentences. */
  notes: string[]
  producer(): ProducerState
  pauseProducer(paused: boolean): Promise<void>
  /** Publishes one record that the consumer has to put aside. */
  sendBadRecord(): void
  stop(): Promise<void>
}

type ApiThread = Thread<ApiThreadReady, ToApiThread>

/** @throws PipelineError when a port, the data, the store or Kafka is not to be had. */
export async function startStack(options: LocalOptions, tell: (news: News) => void): Promise<Stack> {
  const logs = openLogs(join(options.data, 'logs'))
  const kafka = await startKafka(options, (line) => logs.write('broker', line))
  const start: Start = { options, logs, tell, environment: environmentOf(options, kafka) }
  const states = new Map<string, unknown>()
  const showStatus = () => {
    const status = { producer: producer.state(), mappings: [...states.values()], faults: faults.list() }
    api?.post({ type: 'local-status', status })
  }
  const producer = producerSwitch(start, showStatus)
  let api: ApiThread | undefined
  let mappings: LocalMappings | undefined
  const complain = (error: Error) => tell({ type: 'problem', part: 'faults', message: error.message })
  const faults = openFaults(
    {
      send: async (kind) => api?.ask({ type: 'send', kind }),
      setFunctionFault: async (fault) => mappings?.setFault(pipeline.shop.group, fault),
      holdStore: storeHolder(start.environment.STORE_URL ?? ''),
      stopBroker: kafka.embedded?.pause ?? 'the Kafka is not ours to stop',
    },
    showStatus,
    complain,
  )

  // The store is opened (and migrated) by the API first, so that no two parts migrate it at once.
  api = await startApi(start, (message) => answer(message, { start, api, producer, mappings, faults })).catch(
    async (error) => {
      await kafka.stop()
      throw error
    },
  )
  // Only the embedded broker: on a Kafka of theirs, a group's offsets are not ours to move.
  const resumed = kafka.embedded && !kafka.isNew ? await resumeFromAccount(kafka.bootstrap, api.ready.accounted) : []
  mappings = await startMappings(start, (name, state) => {
    states.set(name, state)
    showStatus()
  })
  const background = startBackground(start)
  if (options.producer) await producer.pause(false)
  showStatus()
  api.ended.then((error) => error && tell({ type: 'fatal', error }))
  kafka.embedded?.failed.then((error) => tell({ type: 'fatal', error }))

  const { ready, stop: stopApi } = api
  const { stop: stopMappings } = mappings
  return {
    dashboard: `http://localhost:${ready.port}`,
    token: options.token,
    kafka: kafka.bootstrap,
    events: ready.events,
    notes: [...kafka.notes, ...ready.notes, ...resumed],
    producer: producer.state,
    pauseProducer: producer.pause,
    sendBadRecord: () => void faults.begin('bad-record').catch(complain),
    async stop() {
      await faults.close()
      await producer.pause(true)
      await Promise.all([background.stop(), stopMappings()])
      await stopApi()
      await kafka.stop()
      logs.close()
    },
  }
}

function environmentOf(options: LocalOptions, kafka: LocalKafka): Record<string, string> {
  return {
    ...pipelineEnvironment(),
    KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrap,
    STORE_URL: kafka.embedded ? besideOurBroker(options.store) : options.store,
    LAG_SAMPLE_PERIOD_MS: String(periodMs('lag')),
    PRODUCER_EVENTS_PER_SECOND: String(options.rate),
    ...(options.seed === undefined ? {} : { PRODUCER_SEED: String(options.seed) }),
    ...(options.scenario && scenarioVariables(options.scenario)),
  }
}

function scenarioVariables(name: string): Record<string, string> {
  const scenarios: Record<string, ScenarioDescription> = pipeline.scenarios
  return { PRODUCER_SCENARIO: name, ...scenarios[name]?.variables }
}

/**
 * A power cut may take the last transactions of a store that does not wait for the disk. Beside the embedded broker
 * the next start reads them again (resume.ts); beside any other Kafka nobody would, so there each commit waits.
 */
function besideOurBroker(store: string): string {
  return store.startsWith('sqlite:') && !store.includes('?') ? `${store}?synchronous=normal` : store
}

function startApi({ options, environment }: Start, onMessage: (message: ApiThreadMessage) => void): Promise<ApiThread> {
  const { port, host = '127.0.0.1', token } = options
  const data: ApiThreadData = {
    port,
    host,
    // No function but the API itself is told the token.
    environment: { ...environment, ...(token && { API_TOKEN: token }) },
    eventsFolder: join(options.data, 'events'),
  }
  return startThread('local/threads/api.ts', data, onMessage)
}

interface Answering {
  start: Start
  api: ApiThread | undefined
  producer: ProducerSwitch
  mappings: LocalMappings | undefined
  faults: Faults
}

/** Does what a local route asks for. What takes its time is answered by the message's id. */
function answer(message: ApiThreadMessage, { start, api, producer, mappings, faults }: Answering): void {
  const reply = (id: number, work: () => Promise<void> | undefined) => {
    errorOf(async () => work()).then((error) => api?.post({ type: 'answer', id, error }))
  }
  if (message.type === 'pause-producer') void producer.pause(message.paused)
  else if (message.type === 'set-fault') {
    const { fault, on } = message.request
    reply(message.id, () => (on ? faults.begin(fault) : faults.heal(fault)))
  } else if (message.type === 'replay') reply(message.id, () => mappings?.replay(message.request))
  else if (message.type === 'save-event') {
    reply(message.id, () => mappings?.saveEvent(message.request, message.file))
  } else start.logs.write('api', message.line)
}
