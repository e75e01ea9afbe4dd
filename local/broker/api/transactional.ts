// What the answers of the transactional APIs have in common.
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import type { BrokerState } from '../state.ts'

/**
 * The code for what a change of a transaction led to: its own error, or, when it could not be written, one that
 * clients try again. PRODUCER_FENCED is younger than these APIs: before version `fencedSince` it has another name.
 */
export function codeOfChange(
  broker: BrokerState,
  version: number,
  fencedSince: number,
  change: () => ErrorName | null,
): number {
  const error = changed(broker, change) ?? 'NONE'
  return errorCode[error === 'PRODUCER_FENCED' && version < fencedSince ? 'INVALID_PRODUCER_EPOCH' : error]
}

function changed(broker: BrokerState, change: () => ErrorName | null): ErrorName | null {
  try {
    return change()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    broker.say(`transactions cannot be written: ${(error as Error).message}`)
    return 'COORDINATOR_NOT_AVAILABLE'
  }
}

/** How a transaction names a partition. */
export const partitionKey = (topic: string, partition: number): string => `${topic}:${partition}`
