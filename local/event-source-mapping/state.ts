// A mapping as it is now, as plain JSON for whoever watches it.
import type { Dispatcher } from './dispatch.ts'

export interface PartitionState {
  topic: string
  partition: number
  /** Records that wait for an invocation. */
  buffered: number
  /** Records of the batch that is being invoked, or waits to be tried again. */
  inFlight: number
  /** Of that batch; 0 without one. */
  attempt: number
  /** ms since 1970; null unless the batch waits to be tried again. */
  nextAttemptAt: number | null
  lastError: string | null
  /** What this mapping has committed; null before its first commit. */
  committedOffset: number | null
  /** The offset that is read next; null before the first fetch brought something. */
  nextOffset: number | null
}

export interface MappingState {
  uuid: string
  consumerGroupId: string
  topic: string
  partitions: PartitionState[]
}

/** `epochMs` is what the dispatcher's clock lacks to milliseconds since 1970. */
export function partitionStates(dispatcher: Dispatcher, epochMs: number): PartitionState[] {
  return dispatcher.queues().map((queue) => {
    const { topic, partition, committedOffset, nextOffset } = queue
    const owner = dispatcher.ownerOf(queue)
    return {
      topic,
      partition,
      buffered: queue.records.length,
      inFlight: queue.held.length,
      attempt: owner?.current.attempt ?? 0,
      nextAttemptAt: owner?.phase === 'waiting' ? Math.round(owner.dueMs + epochMs) : null,
      lastError: owner?.current.error ?? null,
      committedOffset,
      nextOffset,
    }
  })
}
