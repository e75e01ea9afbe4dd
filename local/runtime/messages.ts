// What an execution environment and the one who started it say to each other.
import type { FunctionError } from './invoke-result.ts'

/** What an environment is born with. */
export interface EnvironmentData {
  /** Absolute path of the bundle. */
  file: string
  exportName: string
  /** Lambda's notation, for messages. */
  handler: string
  functionName: string
  memoryMB: number
  /** With a debugger attached no clock runs: the remaining time stays at this. */
  frozenRemainingMs: number | null
  logStreamName: string
  invokedFunctionArn: string
}

export interface ToEnvironment {
  requestId: string
  /** The event's JSON: parsed on the other side, so that nothing but a copy of the text is shared, as in Lambda. */
  event: string
  /** Milliseconds since 1970 at which the time-out strikes. */
  deadlineMs: number
}

export type FromEnvironment =
  | { type: 'ready'; memoryUsedMB: number }
  | { type: 'init-failed'; error: FunctionError }
  | { type: 'log'; requestId: string | null; stream: 'stdout' | 'stderr'; lines: string[] }
  | { type: 'answer'; payload: string; memoryUsedMB: number }
  | { type: 'failed'; error: FunctionError; memoryUsedMB: number }
  /** The environment ends after this: its state cannot be trusted. */
  | { type: 'crashed'; error: FunctionError; memoryUsedMB: number }
