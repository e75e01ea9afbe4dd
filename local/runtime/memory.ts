// Watches, from inside an execution environment, how much memory it uses, and ends it above its limit.
import { getHeapStatistics } from 'node:v8'
import { collectGarbage } from '../garbage.ts'

const sampleEveryMs = 200
const bytesPerMB = 1024 * 1024

export interface MemoryWatch {
  /** An invocation begins: sample while it runs. */
  start(): void
  stop(): void
  /** The most that was seen so far, in MB, now included. */
  sample(): number
}

/** `onOver` is called when what is alive (heap and buffers) exceeds the limit. */
export function watchMemory(limitMB: number, onOver: () => void): MemoryWatch {
  let peakMB = 0
  let timer: NodeJS.Timeout | undefined

  function check(): number {
    let usedMB = usedMemoryMB()
    if (usedMB > limitMB) {
      // Garbage is no fault: V8 would have collected it when it came to its limit.
      collectGarbage()
      // Buffers are given back by another thread after a collection; the next collection waits for it.
      collectGarbage()
      usedMB = usedMemoryMB()
    }
    peakMB = Math.max(peakMB, usedMB)
    return usedMB
  }

  return {
    start() {
      timer = setInterval(() => check() > limitMB && onOver(), sampleEveryMs).unref()
    },
    stop() {
      clearInterval(timer)
      if (check() > limitMB) onOver()
    },
    sample() {
      check()
      return peakMB
    },
  }
}

/** Heap and buffers of this thread. */
function usedMemoryMB(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return (used_heap_size + external_memory) / bytesPerMB
}
