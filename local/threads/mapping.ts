// One event source mapping and the function it invokes, as a thread of the local cloud.
import type { Happening } from '../event-source-mapping/happening.ts'
import { type MappingState, startMapping } from '../event-source-mapping/mapping.ts'
import { type FunctionOptions, type LogLine, startFunction } from '../runtime/function.ts'
import { runThread } from './thread.ts'

/** How often the state is told to whoever shows it. */
const stateEveryMs = 500

export interface MappingThreadData {
  uuid: string
  /** The JSON of CreateEventSourceMapping. */
  settings: unknown
  function: Omit<FunctionOptions, 'onLog' | 'onReload'>
}

export type MappingThreadMessage =
  | { type: 'happening'; happening: Happening }
  | { type: 'state'; state: MappingState }
  | { type: 'log'; log: LogLine }
  | { type: 'reload'; message: string }

runThread<MappingThreadData, null, never, MappingThreadMessage>(async (data, post) => {
  const invoked = await startFunction({
    ...data.function,
    onLog: (log) => post({ type: 'log', log }),
    onReload: (message) => post({ type: 'reload', message }),
  })
  const mapping = await startMapping({
    uuid: data.uuid,
    settings: data.settings,
    invoke: (event) => invoked.invoke(event),
    emit: (happening) => post({ type: 'happening', happening }),
  })
  const timer = setInterval(() => post({ type: 'state', state: mapping.state() }), stateEveryMs)
  return {
    ready: null,
    async stop() {
      clearInterval(timer)
      await mapping.stop()
      await invoked.close()
    },
  }
})
