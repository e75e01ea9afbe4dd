// Reads a topic as a member of a consumer group, through kafkajs, and keeps doing so whatever happens to Kafka.
//
// What is particular to kafkajs 2.2.4 (its sources: src/consumer/runner.js, fetcher.js, consumerGroup.js) stays in this file, and in
// fetch/own-decoding.ts what is of its decoder:
// - Its loop fetches, hands each partition's records to `eachBatch`, and only then fetches again. So `eachBatch` hands over
//   and returns. Heartbeats are sent from the same loop, and go on however long the function takes.
// - With every partition paused it sleeps `maxWaitTimeInMs`. So a full partition is paused while others have room; when
//   none has, `eachBatch` waits for room instead, heartbeating, and goes on the moment there is some.
// - After each rebalance it forgets its positions and reads the committed ones. So partitions that stay are sought.
// - It has no revoke hook, and its own commit tries again across rebalances with the new generation. So commits go out
//   once, with the generation of the moment in which the caller chose them.
import type { Batch, Consumer, EachBatchPayload, Kafka, LogEntry } from 'kafkajs'
import { decodeByOurselves } from './fetch/own-decoding.ts'
import type { FetchedMessage } from './fetch/partition-records.ts'
import { GroupOffsets } from './group-offsets.ts'
import { heartbeatMs, openConsumer, openKafka } from './kafka-client.ts'
import { KeptMember } from './kept-member.ts'
import { leaveForDead } from './leave-group.ts'
import { type Membership, MembershipWatch } from './membership.ts'
import type { PollerEvents, PollerOptions } from './polling.ts'
import { Room } from './room.ts'
import { StandStill } from './stand-still.ts'

const spansEveryMs = 5_000
const reconnectMs = { min: 100, max: 500 }
const stopMsMax = 2_000
/** After the request to join: then the group has a living member, and does not count as a new one, for which Kafka waits 3 s. */
const leaveDeadAfterMs = 200

export class Poller {
  readonly #options: PollerOptions
  readonly #events: PollerEvents
  readonly #kafka: Kafka
  #consumer: Consumer | null = null
  #commit: EachBatchPayload['commitOffsetsIfNecessary'] | null = null
  #memberId: string | null = null
  #assigned: number[] = []
  /** Counts rebalances, so that what was begun before one knows that it is out of date. */
  #generation = 0
  #stopping = false
  readonly #kept: KeptMember | null
  readonly #room: Room
  readonly #membership = new MembershipWatch()
  #dead: string[] = []
  #failures = 0
  #standStill: StandStill | null = null
  #signalEnd = (_error: Error | null): void => {}
  #ended: Promise<void> = Promise.resolve()

  constructor(options: PollerOptions, events: PollerEvents) {
    this.#options = options
    this.#events = events
    this.#room = new Room(options.topic, events)
    this.#kept = options.membersFolder ? new KeptMember(options.membersFolder, options.groupId) : null
    this.#kafka = openKafka(options, (entry) => this.#log(entry))
    decodeByOurselves(this.#kafka, (_topic, partition, damage) => this.#standStill?.at(partition, damage))
  }

  /** Begins to poll, and returns at once. */
  start(): void {
    this.#dead = this.#kept?.takeDead() ?? []
    this.#ended = this.#run()
  }

  /** Leaves the group and disconnects; after 2 s it is let go, as Kafka may be out of reach. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.roomMade()
    this.#signalEnd(null)
    const left = this.#ended.then(() => this.#kept?.forget())
    await Promise.race([left, delay(stopMsMax)])
  }

  /** Says that partitions may have room again. */
  roomMade(): void {
    this.#room.made(this.#consumer)
  }

  get membership(): Membership {
    return this.#membership.now
  }

  /**
   * Commits next offsets, once. The generation is the one of the moment of the call.
   *
   * @throws when Kafka refuses or does not answer; nobody knows then whether it took them.
   */
  async commit(offsets: readonly { partition: number; offset: number }[]): Promise<void> {
    const { topic } = this.#options
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
    if (this.#commit) await this.#commit({ topics: [{ topic, partitions }] })
    // Nothing but control records has come so far, so that kafkajs has not called us yet.
    else if (this.#consumer) await this.#consumer.commitOffsets(partitions.map((one) => ({ topic, ...one })))
    else throw new Error('Not connected to Kafka')
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#session()
      } catch (error) {
        if (this.#stopping) return
        this.#failures += 1
        const delayMs = Math.min(reconnectMs.max, reconnectMs.min * 2 ** (this.#failures - 1))
        this.#membership.failed(messageOf(error))
        this.#events.failed(messageOf(error), delayMs)
        await delay(delayMs)
      }
    }
  }

  /** One consumer's life: until `stop`, or until kafkajs gives up. */
  async #session(): Promise<void> {
    const consumer = openConsumer(this.#kafka, this.#options.groupId)
    const ended = new Promise<Error | null>((resolve) => {
      this.#signalEnd = resolve
    })
    const { topic, groupId, start } = this.#options
    const offsets = new GroupOffsets(this.#kafka, groupId, topic, start)
    this.#listen(consumer, offsets)
    const timer = setInterval(() => this.#tellSpans(offsets), spansEveryMs)
    const standStill = new StandStill({
      topic,
      assigned: () => this.#assigned,
      isPaused: (partition) => this.#room.isPaused(partition),
      consumer,
      events: this.#events,
    })
    this.#standStill = standStill
    try {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: start.position !== 'LATEST' })
      this.#consumer = consumer
      const dead = this.#dead.splice(0)
      setTimeout(() => leaveForDead(this.#options.bootstrapServers, groupId, dead), leaveDeadAfterMs).unref()
      await consumer.run({ autoCommit: false, eachBatch: (payload) => this.#eachBatch(payload) })
      const error = await ended
      if (error) throw error
    } finally {
      clearInterval(timer)
      standStill.close()
      this.#generation += 1
      this.#consumer = null
      this.#commit = null
      this.#memberId = null
      this.#assigned = []
      this.#room.clear()
      this.#membership.left()
      if (!this.#stopping) this.#events.assigned([], false)
      await Promise.all([offsets.close(), consumer.disconnect().catch(() => {})])
    }
  }

  #listen(consumer: Consumer, offsets: GroupOffsets): void {
    this.#membership.listenTo(consumer)
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const sameMember = this.#memberId === payload.memberId
      this.#memberId = payload.memberId
      this.#membership.joined()
      this.#kept?.keep(payload.memberId)
      this.#assigned = [...(payload.memberAssignment[this.#options.topic] ?? [])]
      this.#generation += 1
      const { topic } = this.#options
      const positions = this.#events.assigned(this.#assigned, sameMember)
      for (const { partition, offset } of positions) consumer.seek({ topic, partition, offset: String(offset) })
      // kafkajs keeps what is paused across rebalances, even of partitions that went and came back empty.
      this.roomMade()
      const unknown = this.#assigned.filter((p) => !positions.some(({ partition }) => partition === p))
      if (unknown.length > 0) this.#begin(consumer, offsets, unknown)
    })
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      // Control records or aborted ones only: kafkajs moves on by itself and does not call `eachBatch`.
      if (payload.batchSize > 0) return
      const { partition, firstOffset, lastOffset } = payload
      this.#events.passed(partition, Number(firstOffset ?? lastOffset), Number(lastOffset) + 1)
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#signalEnd(payload.error))
  }

  /** Finds out where the group stands before anything is fetched, rather than let kafkajs begin where it likes. */
  #begin(consumer: Consumer, offsets: GroupOffsets, partitions: number[]): void {
    const { topic } = this.#options
    const isCurrent = this.#currently()
    consumer.pause([{ topic, partitions }])
    const begin = async (): Promise<void> => {
      const beginnings = await offsets.beginnings(partitions)
      if (!isCurrent()) return
      for (const { partition, offset } of beginnings) consumer.seek({ topic, partition, offset: String(offset) })
      this.#events.begins(beginnings)
      consumer.resume([{ topic, partitions }])
    }
    begin().catch((error) => isCurrent() && this.#signalEnd(error))
  }

  #tellSpans(offsets: GroupOffsets): void {
    const isCurrent = this.#currently()
    // Whoever watches sees what was known before; that Kafka is away is told by the fetches.
    offsets.spans().then(
      (spans) => isCurrent() && this.#events.spans(spans),
      () => {},
    )
  }

  #currently(): () => boolean {
    const generation = this.#generation
    return () => generation === this.#generation
  }

  async #eachBatch({ batch, heartbeat, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.#commit = commitOffsetsIfNecessary
    this.#failures = 0
    const { partition, messages, highWatermark, fetchedOffset } = batch as Batch & { fetchedOffset: string }
    const nextOffset = Number(batch.lastOffset()) + 1
    const fetched = { partition, fetchedOffset: Number(fetchedOffset), nextOffset, endOffset: Number(highWatermark) }
    await this.#events.arrived({
      ...fetched,
      messages: messages as unknown as FetchedMessage[],
      isCurrent: this.#currently(),
    })
    while (!this.#stopping) {
      if (this.#room.pauseFull(this.#assigned, this.#consumer)) return
      await this.#room.wait(heartbeatMs / 2)
      await heartbeat()
    }
  }

  /** kafkajs tells of an offset out of range in its log alone, before it starts over at the group's default. */
  #log({ log }: LogEntry): void {
    if (log.message.startsWith('Offset out of range') && log.topic === this.#options.topic) {
      this.#events.outOfRange(Number(log.partition))
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
