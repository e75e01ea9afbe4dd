// Reads a topic as a member of a consumer group, through kafkajs, and keeps doing so whatever happens to Kafka.
//
// What is particular to kafkajs 2.2.4 (its sources: src/consumer/runner.js, fetcher.js, consumerGroup.js) stays in this file:
// - Its loop fetches, hands each partition's records to `eachBatch`, and only then fetches again. So `eachBatch` hands over
//   and returns. Heartbeats are sent from the same loop, and go on however long the function takes.
// - With every partition paused it sleeps `maxWaitTimeInMs`. So a full partition is paused while others have room; when
//   none has, `eachBatch` waits for room instead, heartbeating, and goes on the moment there is some.
// - After each rebalance it forgets its positions and reads the committed ones. So partitions that stay are sought.
// - It has no revoke hook, and its own commit tries again across rebalances with the new generation. So commits go out
//   once, with the generation of the moment in which the caller chose them.
import { type Batch, type Consumer, type EachBatchPayload, Kafka, type LogEntry, logLevel } from 'kafkajs'
import { standStillAtDamage } from './damage.ts'
import { GroupOffsets } from './group-offsets.ts'
import { KeptMember } from './kept-member.ts'
import { leaveGroup } from './leave-group.ts'
import type { PollerEvents, PollerOptions } from './polling.ts'

/** Short: a dead member is noticed after the session time-out alone, as kafkajs has no static membership. Kafka allows 6 s. */
const sessionTimeoutMs = 6_000
const heartbeatMs = 1_000
/** A member that does not rejoin within this is given up. The loop below never keeps a rebalance waiting for longer than a heartbeat. */
const rebalanceTimeoutMs = 10_000
/** How long a resumed partition may wait for the running long poll. */
const fetchWaitMs = 50
const fetchBytesMax = 10 * 1024 * 1024
const partitionFetchBytesMax = 1024 * 1024
/** New partitions of the topic are noticed after this. */
const metadataAgeMsMax = 30_000
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
  #paused = new Set<number>()
  /** Counts rebalances, so that what was begun before one knows that it is out of date. */
  #generation = 0
  #stopping = false
  readonly #kept: KeptMember | null
  #dead: string[] = []
  #failures = 0
  #signalRoom = (): void => {}
  #signalEnd = (_error: Error | null): void => {}
  #ended: Promise<void> = Promise.resolve()

  constructor(options: PollerOptions, events: PollerEvents) {
    this.#options = options
    this.#events = events
    this.#kept = options.membersFolder ? new KeptMember(options.membersFolder, options.groupId) : null
    this.#kafka = new Kafka({
      clientId: options.clientId,
      brokers: options.bootstrapServers,
      connectionTimeout: 1_000,
      requestTimeout: 10_000,
      // Short, because a broker that restarts should be met at once; what outlasts them ends the session and begins another.
      retry: { initialRetryTime: 50, maxRetryTime: 250, retries: 5, restartOnFailure: async () => false },
      logLevel: logLevel.ERROR,
      logCreator: () => (entry) => this.#log(entry),
    })
  }

  /** Begins to poll, and returns at once. */
  start(): void {
    this.#dead = this.#kept?.takeDead() ?? []
    this.#ended = this.#run()
  }

  /** Leaves the group and disconnects; after 2 s it is let go, as Kafka may be out of reach. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#signalRoom()
    this.#signalEnd(null)
    const left = this.#ended.then(() => this.#kept?.forget())
    await Promise.race([left, delay(stopMsMax)])
  }

  /** Says that partitions may have room again. */
  roomMade(): void {
    this.#signalRoom()
    const resumed = [...this.#paused].filter((partition) => this.#events.hasRoom(partition))
    if (resumed.length === 0 || !this.#consumer) return
    for (const partition of resumed) this.#paused.delete(partition)
    this.#consumer.resume([{ topic: this.#options.topic, partitions: resumed }])
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
        this.#events.failed(messageOf(error), delayMs)
        await delay(delayMs)
      }
    }
  }

  /** One consumer's life: until `stop`, or until kafkajs gives up. */
  async #session(): Promise<void> {
    const consumer = this.#kafka.consumer({
      groupId: this.#options.groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: fetchWaitMs,
      minBytes: 1,
      maxBytes: fetchBytesMax,
      maxBytesPerPartition: partitionFetchBytesMax,
      metadataMaxAge: metadataAgeMsMax,
      // As on AWS, the topic must exist.
      allowAutoTopicCreation: false,
    })
    const ended = new Promise<Error | null>((resolve) => {
      this.#signalEnd = resolve
    })
    const { topic, groupId, start } = this.#options
    const offsets = new GroupOffsets(this.#kafka, groupId, topic, start)
    this.#listen(consumer, offsets)
    const timer = setInterval(() => this.#tellSpans(offsets), spansEveryMs)
    const forget = standStillAtDamage({
      topic,
      assigned: () => this.#assigned,
      isPaused: (partition) => this.#paused.has(partition),
      consumer,
      events: this.#events,
    })
    try {
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: start.position !== 'LATEST' })
      this.#consumer = consumer
      setTimeout(() => this.#leaveDead(), leaveDeadAfterMs).unref()
      await consumer.run({ autoCommit: false, eachBatch: (payload) => this.#eachBatch(payload) })
      const error = await ended
      if (error) throw error
    } finally {
      clearInterval(timer)
      forget()
      this.#generation += 1
      this.#consumer = null
      this.#commit = null
      this.#memberId = null
      this.#assigned = []
      this.#paused.clear()
      if (!this.#stopping) this.#events.assigned([], false)
      await Promise.all([offsets.close(), consumer.disconnect().catch(() => {})])
    }
  }

  #listen(consumer: Consumer, offsets: GroupOffsets): void {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const sameMember = this.#memberId === payload.memberId
      this.#memberId = payload.memberId
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

  /** Without waiting: what cannot be told to Kafka, Kafka finds out by the session time-out. */
  #leaveDead(): void {
    const { bootstrapServers, groupId } = this.#options
    for (const memberId of this.#dead.splice(0)) leaveGroup(bootstrapServers, groupId, memberId).catch(() => {})
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
    await this.#events.arrived({ ...fetched, messages, isCurrent: this.#currently() })
    while (!this.#stopping) {
      const full = this.#assigned.filter((partition) => this.#events.isFull(partition))
      if (full.length < this.#assigned.length) {
        this.#pause(full)
        return
      }
      await this.#roomOrHeartbeat()
      await heartbeat()
    }
  }

  #pause(full: number[]): void {
    const added = full.filter((partition) => !this.#paused.has(partition))
    if (added.length === 0) return
    for (const partition of added) this.#paused.add(partition)
    this.#consumer?.pause([{ topic: this.#options.topic, partitions: added }])
  }

  #roomOrHeartbeat(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, heartbeatMs / 2)
      this.#signalRoom = () => {
        clearTimeout(timer)
        resolve()
      }
    })
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
