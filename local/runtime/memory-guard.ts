// Watches, from outside, an execution environment that does not let go of its thread, and ends it before V8 has to.
import type { EventLoopUtilityFunction } from 'node:perf_hooks'

const lookEveryMs = 50
const bytesPerMB = 1024 * 1024

/**
 * V8's own limit for an environment's heap. It is only the last resort: V8 ends a thread that comes to its limit in
 * small steps, but aborts the whole process when a single step overshoots it, as an array of millions does that doubles.
 * So it stands far above Lambda's limit, which is kept from inside (memory.ts) and from outside (here).
 *
 * What remains: one native call that never ends and fills gigabytes (`JSON.parse` of a huge text) cannot be stopped.
 */
export function heapLimitMB(memoryMB: number): number {
  return Math.max(2_048, memoryMB * 8)
}

/** The slice of a Worker that is needed. */
export interface Watched {
  performance: { eventLoopUtilization: EventLoopUtilityFunction }
}

/**
 * Calls `onOver` when the process grew by more than twice `memoryMB` during one stretch in which the environment's event
 * loop never turned. While it turns, the environment looks after itself and knows its own memory; the process's is all
 * that can be seen of a thread from outside, so the measure is generous.
 */
export function guardMemory(worker: Watched, memoryMB: number, onOver: () => void): { stop(): void } {
  const { performance } = worker
  let before = performance.eventLoopUtilization()
  // Known from the first look on: asking costs more than all else that a short invocation needs of this thread.
  let floorBytes: number | null = null
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization()
    const stuck = performance.eventLoopUtilization(now, before).utilization > 0.99
    before = now
    const bytes = process.memoryUsage.rss()
    if (!stuck || floorBytes === null) floorBytes = bytes
    else if (bytes - floorBytes > 2 * memoryMB * bytesPerMB) {
      clearInterval(timer)
      onOver()
    }
  }, lookEveryMs)
  return { stop: () => clearInterval(timer) }
}
