// How a mapping's process stands in its consumer group, and whether it still tries to.
import type { Consumer } from 'kafkajs'

export interface Membership {
  /** It is a member now. One without partitions is a standby: the group has more members than the topic has partitions. */
  joined: boolean
  /** ms since 1970: when its loop last fetched, sent a heartbeat, or tried to reach Kafka; null before the start. */
  turnedAt: number | null
  /** Why it is not a member, as far as is known. */
  error: string | null
}

/** Notes what a poller's loop does. */
export class MembershipWatch {
  #joined = false
  #turnedAt: number | null = null
  #error: string | null = null

  get now(): Membership {
    return { joined: this.#joined, turnedAt: this.#turnedAt, error: this.#error }
  }

  turned(): void {
    this.#turnedAt = Date.now()
  }

  failed(error: string): void {
    this.#joined = false
    this.#error = error
    this.turned()
  }

  /** From here on, until its session ends or a rebalance takes longer than Kafka allows. */
  joined(): void {
    this.#joined = true
    this.#error = null
    this.turned()
  }

  left(): void {
    this.#joined = false
  }

  /** A request that Kafka leaves unanswered is a turn too: it is for Kafka to be watched by someone else. */
  listenTo({ on, events }: Consumer): void {
    for (const event of [events.FETCH_START, events.HEARTBEAT, events.REQUEST_TIMEOUT, events.REBALANCING] as const) {
      on(event as typeof events.FETCH_START, () => this.turned())
    }
  }
}
