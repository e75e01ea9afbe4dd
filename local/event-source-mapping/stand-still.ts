// Lets a partition stand still at a record batch that cannot be read: nothing is skipped, and the other partitions go on.
import type { Consumer } from 'kafkajs'
import type { Damage } from './fetch/partition-records.ts'
import type { PollerEvents } from './polling.ts'

/** Until it is tried again: what damaged the batch may have been on the way. Fetched at once it would come for ever. */
const retryMs = 5_000

export interface StandStillOptions {
  topic: string
  assigned: () => number[]
  /** For want of room: then it is not ours to resume. */
  isPaused: (partition: number) => boolean
  consumer: Pick<Consumer, 'pause' | 'resume'>
  events: Pick<PollerEvents, 'unreadable'>
}

export class StandStill {
  readonly #options: StandStillOptions
  readonly #timers = new Map<number, NodeJS.Timeout>()

  constructor(options: StandStillOptions) {
    this.#options = options
  }

  /** The batch that comes next cannot be read. */
  at(partition: number, damage: Damage): void {
    const { topic, consumer, events } = this.#options
    consumer.pause([{ topic, partitions: [partition] }])
    events.unreadable(partition, damage, retryMs)
    clearTimeout(this.#timers.get(partition))
    this.#timers.set(
      partition,
      setTimeout(() => this.#tryAgain(partition), retryMs),
    )
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #tryAgain(partition: number): void {
    const { topic, assigned, isPaused, consumer } = this.#options
    this.#timers.delete(partition)
    if (assigned().includes(partition) && !isPaused(partition)) consumer.resume([{ topic, partitions: [partition] }])
  }
}
