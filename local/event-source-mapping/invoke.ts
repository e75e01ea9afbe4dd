// What became of one invocation, as the mapping sees it.

/** The runtime's answer; `requestId` is Lambda's, where the function got one. A promise that it rejects means that the function was not reached, like a throttle. */
export type InvokeResult =
  /** `payload` is the function's answer as JSON text; empty or `null` when it returned nothing. */
  | { kind: 'ok'; payload: string; requestId?: string }
  /** The function threw, timed out or crashed. */
  | { kind: 'function-error'; errorType: string; errorMessage: string; requestId?: string }
  /** No execution environment was free, or for another reason the function never saw the event. */
  | { kind: 'throttled'; reason?: string }

export type Invoke = (event: string) => Promise<InvokeResult>
