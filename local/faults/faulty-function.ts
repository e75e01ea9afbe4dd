// A function that can be made to fail in ways that no source change brings about: after its work, or over one record.
import { platformError } from '../runtime/function-error.ts'
import type { InvokeResult } from '../runtime/invoke-result.ts'
import { type FunctionFault, poisonHeader } from './fault.ts'

/** The narrow slice of a local function that can be broken. */
export interface Invoked {
  invoke(event: string): Promise<InvokeResult>
  abort(): Promise<void>
}

export interface FaultyFunction {
  invoke(event: string): Promise<InvokeResult>
  /** null: it is well. */
  fault: FunctionFault | null
}

/** Headers stand in the event by their names; keys and values are base64, so nothing else can read like this. */
const poisonSign = `"${poisonHeader}":`

/**
 * Passes invocations on. With `crash` the handler does all of its work, and its environment ends before the answer is
 * heard: what it wrote is written, and the batch comes again. With `poison` a batch that holds the poisoned record fails.
 */
export function faultyFunction(invoked: Invoked): FaultyFunction {
  return {
    fault: null,
    async invoke(event) {
      if (this.fault === 'poison' && event.includes(poisonSign)) return poisoned()
      const result = await invoked.invoke(event)
      if (this.fault !== 'crash' || result.kind !== 'ok') return result
      await invoked.abort()
      const { payload: _lost, kind: _kind, ...figures } = result
      const error = platformError('Runtime.ExitError', figures.requestId, 'Runtime exited with error: exit status 1')
      return { kind: 'function-error', ...error, ...figures }
    },
  }
}

function poisoned(): InvokeResult {
  return {
    kind: 'function-error',
    errorType: 'PoisonedBatch',
    errorMessage: 'The handler threw: a record of this batch was poisoned on purpose',
    trace: [],
    requestId: 'poisoned',
    durationMs: 0,
    coldStart: false,
    memoryUsedMB: 0,
  }
}
