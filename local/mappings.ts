// The event source mappings of `infra/pipeline.ts`, each on a thread of its own with the function it invokes.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../functions/errors.ts'
import { type MappingDescription, pipeline } from '../infra/pipeline.ts'
import type { ReplayRequest, SaveEventRequest } from './dashboard/serve.ts'
import { parseSettings } from './event-source-mapping/settings.ts'
import { refuseConflicts } from './event-source-mapping/settings-conflict.ts'
import type { FunctionFault } from './faults/fault.ts'
import { describedFunction, mappingJson, mappingUuid } from './mapping/described.ts'
import { functionOptions, othersAfterMs, type Start } from './start.ts'
import type { MappingThreadData, MappingThreadMessage, ToMappingThread } from './threads/mapping.ts'
import { startThread, type Thread } from './threads/thread.ts'

type MappingThread = Thread<null, ToMappingThread>

export interface LocalMappings {
  /** @throws PipelineError BODY_INVALID when no mapping of ours reads for the group */
  replay(request: ReplayRequest): Promise<void>
  /** @throws PipelineError BODY_INVALID when no mapping of ours has such an event */
  saveEvent(request: SaveEventRequest, file: string): Promise<void>
  /** Breaks the function that reads for the group, on purpose; null: it is well again. */
  setFault(group: string, fault: FunctionFault | null): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the shop's, and after it the others, for which nothing waits: what is shown first has the processor to itself.
 * `onState` is given the function's name and the mapping's state whenever it is told.
 *
 * @throws PipelineError CONFIG_INVALID in AWS's words where AWS would refuse one of them, or two beside each other
 */
export async function startMappings(
  start: Start,
  onState: (name: string, state: unknown) => void,
): Promise<LocalMappings> {
  const descriptions = pipeline.mappings
  refuseAsAwsDoes(descriptions, brokersOf(start))
  const { threads, stop } = await startInOrder(start, descriptions, onState)

  async function ask(index: number, complaint: string, message: ToMappingThread): Promise<void> {
    const thread = await threads[index]
    const known = descriptions.map((one) => `${one.function} (${one.consumerGroupId})`).join(', ')
    if (!thread) throw new PipelineError('BODY_INVALID', complaint, { hint: `Known: ${known}.` })
    await thread.ask(message)
  }

  return {
    replay({ group, offsets }) {
      const index = descriptions.findIndex(({ consumerGroupId }) => consumerGroupId === group)
      return ask(index, `no mapping reads for ${group}`, { type: 'replay', offsets })
    },
    saveEvent({ function: name, batch }, file) {
      const index = descriptions.findIndex((description) => description.function === name)
      return ask(index, `no mapping invokes ${name}`, { type: 'save-event', batch, file })
    },
    setFault(group, fault) {
      const index = descriptions.findIndex(({ consumerGroupId }) => consumerGroupId === group)
      return ask(index, `no mapping reads for ${group}`, { type: 'fault', fault })
    },
    stop,
  }
}

/** The shop's is awaited, the others start one after the other. Should one end by itself, that is told as fatal. */
async function startInOrder(
  start: Start,
  descriptions: readonly MappingDescription[],
  onState: (name: string, state: unknown) => void,
): Promise<{ threads: Promise<MappingThread | null>[]; stop(): Promise<void> }> {
  const shops = descriptions.findIndex(({ consumerGroupId }) => consumerGroupId === pipeline.shop.group)
  const fatal = (error: Error | null | undefined) => error && start.tell({ type: 'fatal', error })
  const stopping = new AbortController()
  async function startOne(description: MappingDescription): Promise<MappingThread | null> {
    if (stopping.signal.aborted) return null
    const thread = await startMappingThread(start, description, onState)
    thread.ended.then(fatal)
    return thread
  }
  const first = await startOne(descriptions[shops] as MappingDescription)
  let before: Promise<unknown> = sleep(othersAfterMs, null, stopping).catch(() => {})
  const threads = descriptions.map((description, index) => {
    if (index === shops) return Promise.resolve(first)
    const starting = before.then(() => startOne(description))
    starting.catch(fatal)
    before = starting
    return starting
  })
  return {
    threads,
    async stop() {
      stopping.abort()
      const started = await Promise.allSettled(threads)
      await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value?.stop() : undefined)))
    },
  }
}

function refuseAsAwsDoes(descriptions: readonly MappingDescription[], brokers: string[]): void {
  const nowMs = Date.now()
  const settings = descriptions.map((one) => {
    const stage = { nowMs, brokers, functionTimeoutSeconds: describedFunction(one).timeoutSeconds }
    return parseSettings(mappingJson(one, brokers), mappingUuid(one), stage)
  })
  refuseConflicts(settings)
}

function brokersOf({ environment }: Start): string[] {
  return environment.KAFKA_BOOTSTRAP_SERVERS?.split(',') ?? []
}

function startMappingThread(
  start: Start,
  description: MappingDescription,
  onState: (name: string, state: unknown) => void,
): Promise<MappingThread> {
  const name = description.function as keyof typeof pipeline.functions
  const { consumerGroupId: group } = description
  const { tell, logs } = start
  return startThread('local/threads/mapping.ts', threadData(start, description), (message: MappingThreadMessage) => {
    if (message.type === 'happening') {
      logs.write('mapping', JSON.stringify(message.happening, offsetsAsRanges))
      tell({ ...message, function: name })
    } else if (message.type === 'system-log') {
      logs.write('mapping-system', JSON.stringify(message.event))
      tell({ ...message, function: name })
    } else if (message.type === 'log') logs.write(message.log.function, message.log.line)
    else if (message.type === 'reload') tell(message)
    else onState(name, { function: name, group, ...message.state })
  })
}

/**
 * Invocations of one function at once. SQLite lets one write at a time: beside each other they would wait for its lock, up to
 * a tenth of a second a turn, where one after the other each takes all that has come.
 */
function concurrencyMaxOf({ environment }: Start, partitions: number): number {
  return environment.STORE_URL?.startsWith('postgres') ? partitions : 1
}

function threadData(start: Start, description: MappingDescription): MappingThreadData {
  const { function: name, consumerGroupId: group, settings } = description
  const topic = settings.Topics[0]
  const { partitions } = pipeline.topics[topic as keyof typeof pipeline.topics]
  const brokers = brokersOf(start)
  const options = functionOptions(start, name as keyof typeof pipeline.functions)
  return {
    uuid: mappingUuid(description),
    group,
    topic,
    brokers,
    settings: mappingJson(description, brokers),
    function: {
      ...options,
      env: { ...options.env, CONSUMER_GROUP_ID: group },
      concurrencyMax: concurrencyMaxOf(start, partitions),
    },
    destinationsFolder: join(start.options.data, 'destinations'),
    membersFolder: join(start.options.data, 'members'),
  }
}

/** For the log: `[15, 16, ..., 1014]` says no more than that it goes from 15 to 1014. */
function offsetsAsRanges(_key: string, value: unknown): unknown {
  if (!Array.isArray(value) || value.length < 3 || typeof value[0] !== 'number') return value
  return { from: value[0], to: value.at(-1), count: value.length }
}
