// Keeps a poller from taking in more than may wait: full partitions are paused, and when all are full, fetching waits.
import type { Consumer } from 'kafkajs'
import type { PollerEvents } from './polling.ts'

export type Pausing = Pick<Consumer, 'pause' | 'resume'>

export class Room {
  readonly #topic: string
  readonly #events: Pick<PollerEvents, 'isFull' | 'hasRoom'>
  #paused = new Set<number>()
  #signal = (): void => {}

  constructor(topic: string, events: Pick<PollerEvents, 'isFull' | 'hasRoom'>) {
    this.#topic = topic
    this.#events = events
  }

  /** Is the partition paused for want of room? */
  isPaused(partition: number): boolean {
    return this.#paused.has(partition)
  }

  /** Forgets what is paused: its consumer is gone. */
  clear(): void {
    this.#paused.clear()
  }

  /** Resumes what has room again, and wakes whoever waits for some. */
  made(consumer: Pausing | null): void {
    this.#signal()
    const resumed = [...this.#paused].filter((partition) => this.#events.hasRoom(partition))
    if (resumed.length === 0 || !consumer) return
    for (const partition of resumed) this.#paused.delete(partition)
    consumer.resume([{ topic: this.#topic, partitions: resumed }])
  }

  /** Pauses the full ones among the assigned partitions. Answers false when that would be all of them, and pauses none. */
  pauseFull(assigned: readonly number[], consumer: Pausing | null): boolean {
    const full = assigned.filter((partition) => this.#events.isFull(partition))
    if (full.length === assigned.length) return false
    const added = full.filter((partition) => !this.#paused.has(partition))
    for (const partition of added) this.#paused.add(partition)
    if (added.length > 0) consumer?.pause([{ topic: this.#topic, partitions: added }])
    return true
  }

  /** Resolves when some room was made, or after `msMax`. */
  wait(msMax: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, msMax)
      this.#signal = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
