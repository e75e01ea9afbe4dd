// What became of an invocation.

/** An error as Lambda's runtime reports it. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
export interface FunctionError {
  /** The error's name, or Lambda's own such as `Sandbox.Timedout`, `Runtime.ExitError`, `Runtime.OutOfMemory`. */
  errorType: string
  errorMessage: string
  /** The lines of the stack, mapped back to the sources. */
  trace: string[]
}

export interface InvocationFigures {
  requestId: string
  /** The handler's own time, in milliseconds; `initMs` is not in it. */
  durationMs: number
  /** A new execution environment was started for this invocation. */
  coldStart: boolean
  /** What starting the environment and loading the handler took; absent when it was warm. */
  initMs?: number
  /** The most memory this environment was seen to use: heap and buffers, without the code of Node itself. */
  memoryUsedMB: number
}

export type InvokeResult =
  /** `payload` is the answer's JSON; a handler that answers undefined answers null. */
  | ({ kind: 'ok'; payload: string } & InvocationFigures)
  | ({ kind: 'function-error' } & FunctionError & InvocationFigures)
  /** All environments that `concurrencyMax` allows are busy. The function has not run. */
  | { kind: 'throttled' }

/** Ended by `abort()` or `close()`, which is nobody's fault. */
export const abortedErrorType = 'Sandbox.Aborted'
