// The running local cloud: starts every part that `infra/pipeline.ts` describes, in order, and stops them in reverse.
import { join } from 'node:path'
import { PipelineError } from '../functions/errors.ts'
import { pipelineEnvironment } from '../infra/environment.ts'
import { type MappingDescription, pipeline } from '../infra/pipeline.ts'
import type { ReplayRequest, SaveEventRequest } from './dashboard/serve.ts'
import type { Happening } from './event-source-mapping/happening.ts'
import { startKafka } from './kafka.ts'
import { type LogFile, openLogFile } from './log-file.ts'
import type { LocalOptions } from './options.ts'
import { readAnew } from './read-anew.ts'
import { type LocalFunction, type LogLine, startFunction } from './runtime/function.ts'
import { parseRate } from './schedule/rate.ts'
import { startSchedule } from './schedule/schedule.ts'
import { stableUuid } from './stable-uuid.ts'
import type { ApiThreadData, ApiThreadMessage, ApiThreadReady, ToApiThread } from './threads/api.ts'
import type { MappingThreadData, MappingThreadMessage, ToMappingThread } from './threads/mapping.ts'
import { errorOf, startThread, type Thread } from './threads/thread.ts'

/** What happens while the stack runs, for whoever prints it. */
export type News =
  | { type: 'happening'; function: string; happening: Happening }
  | { type: 'producer'; state: ProducerState; rate: number }
  | { type: 'produced'; payload: string }
  | { type: 'problem'; part: string; message: string }
  | { type: 'reload'; message: string }
  /** A part ended by itself: nothing is right from here on. */
  | { type: 'fatal'; error: Error }

export type ProducerState = 'running' | 'paused' | 'off'

export interface Stack {
  dashboard: string
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

/** @throws PipelineError when a port, the data, the store or Kafka is not to be had. */
export async function startStack(options: LocalOptions, tell: (news: News) => void): Promise<Stack> {
  const logs = functionLogs(join(options.data, 'logs'))
  const kafka = await startKafka(options, (line) => logs.write('broker', line))
  const environment = {
    ...pipelineEnvironment(),
    KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrap,
    STORE_URL: options.store,
    LAG_SAMPLE_PERIOD_MS: String(periodMs('lag')),
    PRODUCER_EVENTS_PER_SECOND: String(options.rate),
    ...(options.seed === undefined ? {} : { PRODUCER_SEED: String(options.seed) }),
  }
  const start = { options, environment, logs, tell }

  // The store is opened (and migrated) by the API first, so that no two parts migrate it at once.
  const producer = producerSwitch(start, () => tellApi())
  const mappingStates = new Map<string, unknown>()
  const api: Thread<ApiThreadReady, ToApiThread> = await startApi(start, (message) => {
    if (message.type === 'pause-producer') producer.pause(message.paused)
    else if (message.type === 'replay') {
      errorOf(() => replay(message.request)).then((error) => api.post({ type: 'answer', id: message.id, error }))
    } else if (message.type === 'save-event') {
      const { id, request, file } = message
      errorOf(() => saveEvent(request, file)).then((error) => api.post({ type: 'answer', id, error }))
    } else logs.write('api', message.line)
  }).catch(async (error) => {
    await kafka.stop()
    throw error
  })
  const tellApi = () => {
    api.post({ type: 'local-status', status: { producer: producer.state(), mappings: [...mappingStates.values()] } })
  }

  // Only the embedded broker: on a Kafka of theirs, a group's offsets are not ours to move.
  const anew = kafka.thread && api.ready.isNew && !kafka.isNew ? await readAnew(kafka.bootstrap) : []
  const mappings: Thread<null, ToMappingThread>[] = await Promise.all(
    pipeline.mappings.map((description) =>
      startMappingThread(start, description, (state) => {
        mappingStates.set(description.function, state)
        tellApi()
      }),
    ),
  )
  /** @throws PipelineError BODY_INVALID when no mapping of ours reads for the group */
  async function replay({ group, offsets }: ReplayRequest): Promise<void> {
    const index = pipeline.mappings.findIndex(({ consumerGroupId }) => consumerGroupId === group)
    const known = pipeline.mappings.map(({ consumerGroupId }) => consumerGroupId).join(', ')
    if (index < 0)
      throw new PipelineError('BODY_INVALID', `no mapping reads for ${group}`, { hint: `Known: ${known}.` })
    await mappings[index]?.ask({ type: 'replay', offsets })
  }

  /** @throws PipelineError BODY_INVALID when no mapping of ours has such an event */
  async function saveEvent({ function: name, batch }: SaveEventRequest, file: string): Promise<void> {
    const index = pipeline.mappings.findIndex((mapping) => mapping.function === name)
    if (index < 0) throw new PipelineError('BODY_INVALID', `no mapping invokes ${name}`)
    await mappings[index]?.ask({ type: 'save-event', batch, file })
  }

  const lag = await startScheduled(start, 'lag')
  if (options.producer) await producer.pause(false)
  tellApi()

  for (const thread of [api, ...mappings, ...(kafka.thread ? [kafka.thread] : [])]) {
    thread.ended.then((error) => error && tell({ type: 'fatal', error }))
  }

  return {
    dashboard: `http://localhost:${api.ready.port}`,
    kafka: kafka.bootstrap,
    events: api.ready.events,
    notes: [...kafka.notes, ...api.ready.notes, ...anew],
    producer: producer.state,
    pauseProducer: (paused) => producer.pause(paused),
    sendBadRecord: () => api.post({ type: 'bad-record' }),
    async stop() {
      await producer.pause(true)
      await Promise.all([lag.stop(), ...mappings.map((mapping) => mapping.stop())])
      await api.stop()
      await kafka.stop()
      logs.close()
    },
  }
}

interface Start {
  options: LocalOptions
  environment: Record<string, string>
  logs: ReturnType<typeof functionLogs>
  tell: (news: News) => void
}

function functionOptions({ options, environment }: Start, name: keyof typeof pipeline.functions) {
  const { handler, timeoutSeconds, memoryMB } = pipeline.functions[name]
  return {
    name,
    handler,
    env: environment,
    timeoutMs: timeoutSeconds * 1000,
    memoryMB,
    concurrencyMax: 1,
    inspect: options.inspect !== undefined,
    watch: true,
    warm: true,
  }
}

function startApi(
  { options, environment }: Start,
  onMessage: (message: ApiThreadMessage) => void,
): Promise<Thread<ApiThreadReady, ToApiThread>> {
  const data: ApiThreadData = { port: options.port, environment, eventsFolder: join(options.data, 'events') }
  return startThread('local/threads/api.ts', data, onMessage)
}

function startMappingThread(start: Start, description: MappingDescription, onState: (state: unknown) => void) {
  const name = description.function as keyof typeof pipeline.functions
  const { consumerGroupId, settings } = description
  const topic = pipeline.topics[settings.Topics[0] as keyof typeof pipeline.topics]
  const brokers = start.environment.KAFKA_BOOTSTRAP_SERVERS?.split(',') ?? []
  const data: MappingThreadData = {
    uuid: stableUuid(`${name} ${settings.Topics[0]} ${consumerGroupId}`),
    group: consumerGroupId,
    topic: settings.Topics[0],
    brokers,
    settings: {
      FunctionName: name,
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: brokers } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: consumerGroupId },
      ...settings,
    },
    function: { ...functionOptions(start, name), concurrencyMax: topic.partitions },
    destinationsFolder: join(start.options.data, 'destinations'),
    membersFolder: join(start.options.data, 'members'),
  }
  const { tell, logs } = start
  return startThread<null, ToMappingThread, MappingThreadMessage>('local/threads/mapping.ts', data, (message) => {
    if (message.type === 'happening') {
      logs.write('mapping', JSON.stringify(message.happening, offsetsAsRanges))
      tell({ ...message, function: name })
    } else if (message.type === 'log') logs.writeFunction(message.log)
    else if (message.type === 'reload') tell(message)
    else onState({ function: name, group: consumerGroupId, ...(message.state as object) })
  })
}

/** A function on its schedule; its answers are told as what it produced. */
async function startScheduled(start: Start, name: 'producer' | 'lag') {
  const invoked: LocalFunction = await startFunction({
    ...functionOptions(start, name),
    onLog: (log) => start.logs.writeFunction(log),
    onReload: (message) => start.tell({ type: 'reload', message }),
  })
  let stopping = false
  const schedule = startSchedule({
    name,
    periodMs: periodMs(name),
    onError: (message) => start.tell({ type: 'problem', part: name, message }),
    invoke: async (event) => {
      const result = await invoked.invoke(event)
      if (stopping) return
      if (result.kind === 'function-error') {
        start.tell({ type: 'problem', part: name, message: `${result.errorType}: ${result.errorMessage}` })
      } else if (result.kind === 'ok' && name === 'producer') start.tell({ type: 'produced', payload: result.payload })
    },
  })
  return {
    async stop() {
      stopping = true
      schedule.stop()
      await invoked.close()
    },
  }
}

/** The simulated shop, which people open and close. */
function producerSwitch(start: Start, onChange: () => void) {
  let running: ReturnType<typeof startScheduled> | undefined
  const state = (): ProducerState => {
    if (running) return 'running'
    return start.options.producer ? 'paused' : 'off'
  }
  return {
    state,
    async pause(paused: boolean): Promise<void> {
      if (paused === !running) return
      const before = running
      running = paused ? undefined : startScheduled(start, 'producer')
      start.tell({ type: 'producer', state: state(), rate: start.options.rate })
      onChange()
      await (paused ? before?.then((scheduled) => scheduled.stop()) : running)
    },
  }
}

function periodMs(name: string): number {
  const schedule = pipeline.schedules.find((candidate) => candidate.function === name)
  if (!schedule) throw new Error(`infra/pipeline.ts has no schedule for ${name}`)
  return schedule.localSeconds === undefined ? parseRate(schedule.rate) : schedule.localSeconds * 1000
}

/** For the log: `[15, 16, ..., 1014]` says no more than that it goes from 15 to 1014. */
function offsetsAsRanges(_key: string, value: unknown): unknown {
  if (!Array.isArray(value) || value.length < 3 || typeof value[0] !== 'number') return value
  return { from: value[0], to: value.at(-1), count: value.length }
}

function functionLogs(directory: string) {
  const files = new Map<string, LogFile>()
  const write = (name: string, line: string) => {
    const file = files.get(name) ?? openLogFile(directory, name)
    files.set(name, file)
    file.write(line)
  }
  return {
    write,
    writeFunction: (log: LogLine) => write(log.function, log.line),
    close() {
      for (const file of files.values()) file.close()
    },
  }
}
