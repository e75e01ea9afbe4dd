// What every part of the local cloud is started with, and how it tells what happens.
import { pipeline } from '../infra/pipeline.ts'
import type { Happening } from './event-source-mapping/happening.ts'
import type { SystemLogEvent } from './event-source-mapping/system-log.ts'
import type { Logs } from './log-file.ts'
import type { LocalOptions } from './options.ts'
import type { FunctionOptions } from './runtime/function.ts'

/** What happens while the stack runs, for whoever prints it. */
export type News =
  | { type: 'happening'; function: string; happening: Happening }
  | { type: 'system-log'; function: string; event: SystemLogEvent }
  | { type: 'producer'; state: ProducerState; rate: number }
  | { type: 'produced'; payload: string }
  | { type: 'problem'; part: string; message: string }
  | { type: 'reload'; message: string }
  /** A part ended by itself: nothing is right from here on. */
  | { type: 'fatal'; error: Error }

/** What nobody waits for starts so long after the rest, ms: by then the shop's first event is on the page. */
export const othersAfterMs = 1_500

export type ProducerState = 'running' | 'paused' | 'off'

/** What the parts share. */
export interface Start {
  options: LocalOptions
  /** The variables of every function. */
  environment: Record<string, string>
  logs: Logs
  tell: (news: News) => void
}

/** A function of the pipeline as the runtime wants it. */
export function functionOptions(
  { options, environment }: Start,
  name: keyof typeof pipeline.functions,
): FunctionOptions {
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
