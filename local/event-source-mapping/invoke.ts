// What became of one invocation, as the mapping sees it.

/** The runtime's answer. Anything else it may do (a rejected promise) means that the function was not reached. */
export type InvokeResult =
  /** `payload` is the function's answer as JSON text; empty or `null` when it returned nothing. */
  | { kind: 'ok'; payload: string }
  /** The function threw, timed out or crashed. */
  | { kind: 'function-error'; errorType: string; errorMessage: string }
  /** No execution environment was free: the function never saw the event. */
  | { kind: 'throttled' }

export type Invoke = (event: string) => Promise<InvokeResult>
