// Functions that a schedule of `infra/pipeline.ts` invokes, and the switch of the simulated shop.
import { setTimeout as sleep } from 'node:timers/promises'
import { pipeline } from '../infra/pipeline.ts'
import { type LocalFunction, startFunction } from './runtime/function.ts'
import { parseRate } from './schedule/rate.ts'
import { startSchedule } from './schedule/schedule.ts'
import { functionOptions, othersAfterMs, type ProducerState, type Start } from './start.ts'

export interface Scheduled {
  stop(): Promise<void>
}

/**
 * Every scheduled function but the shop. Nothing waits for them: the sampler starts at once, since without it nothing is
 * known, and the others one after the other once the first event is shown.
 */
export function startBackground(start: Start): Scheduled {
  const names = pipeline.schedules.map((schedule) => schedule.function).filter((name) => name !== 'producer')
  const stopping = new AbortController()
  async function startAll(): Promise<Scheduled[]> {
    const started = [await startScheduled(start, 'lag')]
    await sleep(othersAfterMs, null, stopping).catch(() => {})
    for (const name of names)
      if (name !== 'lag' && !stopping.signal.aborted) started.push(await startScheduled(start, name))
    return started
  }
  const starting = startAll().catch((error: Error) => {
    start.tell({ type: 'fatal', error })
    return []
  })
  return {
    async stop() {
      stopping.abort()
      await Promise.all((await starting).map((scheduled) => scheduled.stop()))
    },
  }
}

/** A function on its schedule; what the producer answers is told as what it produced. */
async function startScheduled(start: Start, name: string): Promise<Scheduled> {
  const options = functionOptions(start, name as keyof typeof pipeline.functions)
  const invoked: LocalFunction = await startFunction({
    ...options,
    env: { ...options.env, ...scheduleVariables(name) },
    onLog: (log) => start.logs.write(log.function, log.line),
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

export interface ProducerSwitch {
  state(): ProducerState
  /** Returns when the shop is open, or when it is closed. */
  pause(paused: boolean): Promise<void>
}

/** The simulated shop, which people open and close. */
export function producerSwitch(start: Start, onChange: () => void): ProducerSwitch {
  let running: Promise<Scheduled> | undefined
  const state = (): ProducerState => {
    if (running) return 'running'
    return start.options.producer ? 'paused' : 'off'
  }
  return {
    state,
    async pause(paused) {
      if (paused === !running) return
      const before = running
      running = paused ? undefined : startScheduled(start, 'producer')
      start.tell({ type: 'producer', state: state(), rate: start.options.rate })
      onChange()
      await (paused ? before?.then((scheduled) => scheduled.stop()) : running)
    },
  }
}

/** What a function that may run for its whole period has to know. */
export function scheduleVariables(name: string): Record<string, string> {
  return { SCHEDULE_PERIOD_MS: String(periodMs(name)) }
}

/** How often a function is due here, ms. */
export function periodMs(name: string): number {
  const schedule = pipeline.schedules.find((candidate) => candidate.function === name)
  if (!schedule) throw new Error(`infra/pipeline.ts has no schedule for ${name}`)
  return schedule.localSeconds === undefined ? parseRate(schedule.rate) : schedule.localSeconds * 1000
}
