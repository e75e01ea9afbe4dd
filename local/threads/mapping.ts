// One event source mapping and the function it invokes, as a thread of the local cloud.
import type { Happening } from '../event-source-mapping/happening.ts'
import { type Mapping, type MappingState, startMapping } from '../event-source-mapping/mapping.ts'
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
}

export type MappingThreadMessage =
  | { type: 'happening'; happening: Happening }
  | { type: 'state'; state: MappingState }
  | { type: 'log'; log: LogLine }
  | { type: 'reload'; message: string }

/** To be asked: reads the group's records again from these offsets on. */
export interface ToMappingThread {
  type: 'replay'
  offsets: { partition: number; offset: number }[]
}

runThread<MappingThreadData, null, ToMappingThread, MappingThreadMessage>(async (data, post) => {
  const invoked = await startFunction({
    ...data.function,
    onLog: (log) => post({ type: 'log', log }),
    onReload: (message) => post({ type: 'reload', message }),
  })
  const start = () =>
    startMapping({
      uuid: data.uuid,
      settings: data.settings,
      invoke: (event) => invoked.invoke(event),
      emit: (happening) => post({ type: 'happening', happening }),
    })
  let mapping: Mapping = await start()
  let replaying = Promise.resolve()

  /** As AWS has it done by hand: the mapping is disabled, the group's offsets are moved, the mapping is enabled. */
  async function replay(offsets: ToMappingThread['offsets']): Promise<void> {
    await mapping.stop()
    try {
      const { group, topic, brokers } = data
      await resetOffsets({ clientId: 'freshet-replay', brokers }, { group, topic, offsets }, groupEmptiesWithinMs)
    } finally {
      mapping = await start()
    }
  }

  const timer = setInterval(() => post({ type: 'state', state: mapping.state() }), stateEveryMs)
  return {
    ready: null,
    receive(message) {
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
