// Where a group stands in a topic, where the topic begins and ends, and where the group therefore goes on reading.
import type { Admin, Kafka } from 'kafkajs'

export interface StartingPoint {
  position: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  /** Since 1970; of AT_TIMESTAMP. */
  timestampMs: number | null
}

/** Where reading of a partition goes on. */
export interface Beginning {
  partition: number
  offset: number
  /** What the group has committed; null when it has nothing. Differs from `offset` where Kafka does not hold it any more. */
  committed: number | null
  /** The offset must be committed at once: asked again later, the starting position would be another one. */
  isFleeting: boolean
}

export interface LogSpan {
  low: number
  high: number
}

/** Asks Kafka by a connection of its own, which is opened when it is first needed. */
export class GroupOffsets {
  readonly #topic: string
  readonly #groupId: string
  readonly #start: StartingPoint
  readonly #admin: Admin
  #connected: Promise<void> | null = null

  constructor(kafka: Kafka, groupId: string, topic: string, start: StartingPoint) {
    this.#admin = kafka.admin()
    this.#groupId = groupId
    this.#topic = topic
    this.#start = start
  }

  /**
   * Where to begin with partitions that were just assigned: at the committed offset, or, where there is none, at the
   * starting position, which counts only then: https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-process.html
   *
   * A committed offset that Kafka does not hold any more (retention took it, or the topic was made anew) is found here,
   * since kafkajs would go on elsewhere without a word. Our choice: reading goes on at the end with LATEST, else at the
   * beginning of what there is.
   *
   * @throws kafkajs's error when Kafka does not answer
   */
  async beginnings(partitions: readonly number[]): Promise<Beginning[]> {
    const [committed, spans] = await Promise.all([this.#committed(), this.spans()])
    const isNew = partitions.some((partition) => !committed.has(partition))
    const byTime = isNew && this.#start.position === 'AT_TIMESTAMP' ? await this.#byTime() : null
    return partitions.map((partition) => {
      const { low, high } = spans.get(partition) ?? { low: 0, high: 0 }
      const fallback = this.#start.position === 'LATEST' ? high : low
      const known = committed.get(partition)
      if (known === undefined) {
        const isFleeting = this.#start.position !== 'TRIM_HORIZON'
        return { partition, offset: byTime?.get(partition) ?? fallback, committed: null, isFleeting }
      }
      const isHeld = known >= low && known <= high
      return { partition, offset: isHeld ? known : known < low ? low : fallback, committed: known, isFleeting: !isHeld }
    })
  }

  /** Both are next offsets: a log with the records 3 and 4 is from 3 to 5. */
  async spans(): Promise<Map<number, LogSpan>> {
    await this.#connect()
    const offsets = await this.#admin.fetchTopicOffsets(this.#topic)
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]))
  }

  async close(): Promise<void> {
    if (this.#connected) await this.#admin.disconnect().catch(() => {})
  }

  async #committed(): Promise<Map<number, number>> {
    await this.#connect()
    const [group] = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: [this.#topic] })
    const known = (group?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const)
    return new Map(known.filter(([, offset]) => offset >= 0))
  }

  /** The first record at or after the time; kafkajs answers the end where there is none. */
  async #byTime(): Promise<Map<number, number>> {
    const found = await this.#admin.fetchTopicOffsetsByTimestamp(this.#topic, this.#start.timestampMs ?? 0)
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]))
  }

  #connect(): Promise<void> {
    this.#connected ??= this.#admin.connect()
    return this.#connected
  }
}
