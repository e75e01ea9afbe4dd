// One event source mapping and the function it invokes, as a thread of the local cloud.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PipelineError } from '../../functions/errors.ts'
import type { Happening } from '../event-source-mapping/happening.ts'
import { type Mapping, type MappingState, type SystemLogEvent, startMapping } from '../event-source-mapping/mapping.ts'
import type { FunctionFault } from '../faults/fault.ts'
import { faultyFunction } from '../faults/faulty-function.ts'
import { type KeptInvocation, RecentEvents } from '../mapping/recent-events.ts'
import { resetOffsets } from '../replay/reset.ts'
import { type FunctionOptions, type LogLine, startFunction } from '../runtime/function.ts'
import { runThread } from './thread.ts'

/** How often the state is told to whoever shows it. */
const stateEveryMs = 500

/** A member that left is forgotten at once; one that could not say so, after its session time-out. */
const groupEmptiesWithinMs = 7_000

export interface MappingThreadData {
  uuid: string
  group: string
  topic: string
  brokers: string[]
  /** The JSON of CreateEventSourceMapping. */
  settings: unknown
  function: Omit<FunctionOptions, 'onLog' | 'onReload'>
  /** Where the stand-ins for SQS, SNS and S3 lie. */
  destinationsFolder: string
  membersFolder: string
}

export type MappingThreadState = MappingState & { invocations: KeptInvocation[] }

export type MappingThreadMessage =
  | { type: 'happening'; happening: Happening }
  | { type: 'system-log'; event: SystemLogEvent }
  | { type: 'state'; state: MappingThreadState }
  | { type: 'log'; log: LogLine }
  | { type: 'reload'; message: string }

export type ToMappingThread =
  /** To be asked: reads the group's records again from these offsets on. */
  | { type: 'replay'; offsets: { partition: number; offset: number }[] }
  /** To be asked: writes the event of a batch's newest attempt to a file, so that it can be run again. */
  | { type: 'save-event'; batch: number; file: string }
  /** Breaks the function on purpose; null: it is well again. */
  | { type: 'fault'; fault: FunctionFault | null }

runThread<MappingThreadData, null, ToMappingThread, MappingThreadMessage>(async (data, post) => {
  const invoked = await startFunction({
    ...data.function,
    onLog: (log) => post({ type: 'log', log }),
    onReload: (message) => post({ type: 'reload', message }),
  })
  const faulty = faultyFunction(invoked)
  const recent = new RecentEvents()
  let told: Extract<Happening, { type: 'invoke' }> | undefined
  const start = () =>
    startMapping({
      uuid: data.uuid,
      settings: data.settings,
      concurrencyMax: data.function.concurrencyMax,
      destinationsFolder: data.destinationsFolder,
      membersFolder: data.membersFolder,
      invoke(event) {
        // An invocation is told right before it is made.
        if (told) recent.keep(told, event)
        return faulty.invoke(event)
      },
      emit(happening) {
        if (happening.type === 'invoke') told = happening
        post({ type: 'happening', happening })
      },
      writeSystemLog: (event) => post({ type: 'system-log', event }),
    })
  let mapping: Mapping = await start()
  let replaying = Promise.resolve()

  /** As AWS has it done by hand: the mapping is disabled, the group's offsets are moved, the mapping is enabled. */
  async function replay(offsets: Extract<ToMappingThread, { type: 'replay' }>['offsets']): Promise<void> {
    await mapping.stop()
    try {
      const { group, topic, brokers } = data
      await resetOffsets({ clientId: 'freshet-replay', brokers }, { group, topic, offsets }, groupEmptiesWithinMs)
    } finally {
      mapping = await start()
    }
  }

  async function saveEvent(batch: number, file: string): Promise<void> {
    const event = recent.find(batch)
    if (event === undefined) {
      const hint = 'GET /api/local/mappings lists the invocations whose events are kept.'
      throw new PipelineError('BODY_INVALID', `the event of batch ${batch} is not kept`, { hint })
    }
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, event)
  }

  const timer = setInterval(() => {
    post({ type: 'state', state: { ...mapping.state(), invocations: recent.invocations() } })
  }, stateEveryMs)
  return {
    ready: null,
    receive(message) {
      if (message.type === 'save-event') return saveEvent(message.batch, message.file)
      if (message.type === 'fault') {
        faulty.fault = message.fault
        return
      }
      // One after the other: two would start the mapping twice.
      const done = replaying.then(() => replay(message.offsets))
      replaying = done.catch(() => {})
      return done
    },
    async stop() {
      clearInterval(timer)
      await replaying
      await mapping.stop()
      await invoked.close()
    },
  }
})
