// Runs one event source mapping: reads a topic, invokes a function with batches of its records, commits what is resolved.
import { registerCodecs } from '../../functions/kafka/codecs.ts'
import { type Backoff, retryBackoffDefault } from './backoff.ts'
import { type Commit, Dispatcher } from './dispatch.ts'
import type { Happening, HappeningBody } from './happening.ts'
import type { Batch } from './in-flight.ts'
import { encoderOf, fillOf } from './intake.ts'
import type { Invoke, InvokeResult } from './invoke.ts'
import { countOf, offsetsIn } from './part.ts'
import { Poller } from './poller.ts'
import { type MappingSettings, parseSettings } from './settings.ts'
import { type MappingState, partitionStates } from './state.ts'
import { encodeEvent, envelopeBytes, type KafkaMessage, payloadBytesMax } from './to-event.ts'

export type { Happening } from './happening.ts'
export type { Invoke, InvokeResult } from './invoke.ts'
export type { MappingState, PartitionState } from './state.ts'

export interface MappingOptions {
  /** Names the mapping: the consumer group where none is set. */
  uuid: string
  /** The JSON of CreateEventSourceMapping. */
  settings: unknown
  invoke: Invoke
  /** In-flight invocations at most; by default 5 for each event poller, as AWS has it. */
  concurrency?: number
  retryBackoffMs?: Backoff
  /** Is called for everything that happens, in order. It must not throw. */
  emit: (happening: Happening) => void
}

export interface Mapping {
  state(): MappingState
  /** Starts no further batch, lets running ones finish for 1.5 s, commits, and leaves the group. */
  stop(): Promise<void>
}

const stopMsMax = 1_500
const commitRetryMs = 250

/**
 * Starts a mapping and returns at once: reaching Kafka is tried for as long as it takes, and said through `emit`.
 *
 * @throws PipelineError CONFIG_INVALID when the settings are not ones that AWS accepts, or not supported here
 */
export async function startMapping(options: MappingOptions): Promise<Mapping> {
  const settings = parseSettings(options.settings, options.uuid)
  registerCodecs()
  return new MappingShell(options, settings)
}

class MappingShell implements Mapping {
  readonly #options: MappingOptions
  readonly #settings: MappingSettings
  readonly #bootstrapServers: string
  readonly #dispatcher: Dispatcher
  readonly #poller: Poller
  readonly #encode: ReturnType<typeof encoderOf>
  #turnIsDue = false
  #stopped = false
  #wakeUp: NodeJS.Timeout | undefined
  #committing: Promise<void> | null = null
  #whenIdle = (): void => {}

  constructor(options: MappingOptions, settings: MappingSettings) {
    this.#options = options
    this.#settings = settings
    this.#bootstrapServers = settings.bootstrapServers.join(',')
    this.#encode = encoderOf(settings.topic, this.#bootstrapServers)
    this.#dispatcher = new Dispatcher(
      {
        topic: settings.topic,
        limits: {
          recordsMax: settings.batchSizeMax,
          windowMs: settings.windowMs,
          bytesMax: payloadBytesMax - envelopeBytes(this.#bootstrapServers),
        },
        concurrency: options.concurrency ?? settings.pollers * 5,
        retry: { backoff: options.retryBackoffMs ?? retryBackoffDefault, retriesMax: Infinity, bisects: false },
        recordAgeMsMax: Infinity,
        epochMs: performance.timeOrigin,
        hasDestination: false,
        reportBatchItemFailures: settings.reportBatchItemFailures,
      },
      (happening) => this.#tell(happening),
    )
    this.#poller = this.#createPoller()
    this.#poller.start()
  }

  state(): MappingState {
    const { topic, consumerGroupId } = this.#settings
    const partitions = partitionStates(this.#dispatcher, Date.now() - performance.now())
    return { uuid: this.#options.uuid, consumerGroupId, topic, partitions }
  }

  async stop(): Promise<void> {
    this.#dispatcher.close()
    clearTimeout(this.#wakeUp)
    if (this.#dispatcher.isBusy) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, stopMsMax)
        this.#whenIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    // Kafka may be out of reach, and a commit would wait for it.
    await Promise.race([this.#commitResolved(), delay(stopMsMax)])
    this.#stopped = true
    await this.#poller.stop()
  }

  #createPoller(): Poller {
    const { topic, bootstrapServers, consumerGroupId, startingPosition } = this.#settings
    return new Poller(
      {
        bootstrapServers,
        topic,
        groupId: consumerGroupId,
        clientId: `freshet-mapping-${this.#options.uuid}`,
        fromBeginning: startingPosition === 'TRIM_HORIZON',
      },
      {
        assigned: (partitions, sameMember) => {
          const kept = this.#dispatcher.assign(partitions, sameMember)
          this.#turnSoon()
          return kept.flatMap(({ partition, nextOffset: offset }) => (offset === null ? [] : [{ partition, offset }]))
        },
        arrived: (...arrival) => this.#arrived(...arrival),
        passed: (...offsets) => {
          this.#dispatcher.pass(...offsets)
          this.#turnSoon()
        },
        outOfRange: (partition) => this.#dispatcher.outOfRange(partition),
        failed: (error, delayMs) => this.#tell({ type: 'poll-error', error, delayMs }),
        isFull: (partition) => this.#fill(partition) >= 1,
        hasRoom: (partition) => this.#fill(partition) <= 0.5,
      },
    )
  }

  #arrived(partition: number, fetchedOffset: number, nextOffset: number, messages: readonly KafkaMessage[]): void {
    // Whole milliseconds: a fraction would cost an allocation for each record.
    const arrivedMs = Math.floor(performance.now())
    const records = messages.map((message) => this.#encode(partition, message, arrivedMs))
    this.#dispatcher.arrive({ partition, fetchedOffset, nextOffset, records })
    this.#turnSoon()
  }

  #fill(partition: number): number {
    const queue = this.#dispatcher.queue(partition)
    return queue ? fillOf(queue, this.#settings.batchSizeMax, this.#dispatcher.queues().length) : 0
  }

  /** Once for all partitions of a fetch: they are handed over one after the other, and may share a batch. */
  #turnSoon(): void {
    if (this.#turnIsDue) return
    this.#turnIsDue = true
    setImmediate(() => {
      this.#turnIsDue = false
      this.#turn()
    })
  }

  #turn(): void {
    if (this.#stopped) return
    clearTimeout(this.#wakeUp)
    const now = performance.now()
    const { invoke, wakeAtMs } = this.#dispatcher.turn(now)
    for (const batch of invoke) void this.#invoke(batch)
    void this.#commitResolved()
    this.#poller.roomMade()
    if (wakeAtMs !== null) this.#wakeUp = setTimeout(() => this.#turn(), Math.max(0, wakeAtMs - now))
  }

  async #invoke(batch: Batch): Promise<void> {
    const event = encodeEvent(
      this.#bootstrapServers,
      batch.current.slices.map(({ queue, records }) => ({ key: queue.key, records })),
    )
    this.#tell(invocationOf(batch, event.length))
    let result: InvokeResult
    try {
      result = await this.#options.invoke(event)
    } catch (error) {
      // The function was not reached, so this was no attempt.
      result = { kind: 'throttled', reason: `The function was not reached: ${messageOf(error)}` }
    }
    this.#dispatcher.answer(batch, result, performance.now())
    if (!this.#dispatcher.isBusy) this.#whenIdle()
    this.#turn()
  }

  /** Commits what is resolved, one request at a time; what is resolved meanwhile goes along with the next. */
  #commitResolved(): Promise<void> {
    if (this.#committing) return this.#committing
    const commits = this.#dispatcher.takeCommits()
    if (commits.length === 0) return Promise.resolve()
    this.#committing = this.#commitFrom(commits)
    return this.#committing
  }

  async #commitFrom(first: Commit[]): Promise<void> {
    for (let commits = first; commits.length > 0; commits = this.#dispatcher.takeCommits()) {
      try {
        await this.#poller.commit(commits.map(({ queue, offset }) => ({ partition: queue.partition, offset })))
        this.#dispatcher.committed(commits)
      } catch (error) {
        this.#dispatcher.notCommitted(commits, messageOf(error))
        if (!this.#stopped) setTimeout(() => this.#turnSoon(), commitRetryMs).unref()
        break
      }
    }
    // In the same breath as the last look at what is due: nothing can become due unseen in between.
    this.#committing = null
  }

  #tell(happening: HappeningBody): void {
    this.#options.emit({ ...happening, t: Date.now() })
  }
}

function invocationOf(batch: Batch, bytes: number): HappeningBody {
  const { slices, attempt } = batch.current
  return { type: 'invoke', batch: batch.id, records: offsetsIn(slices), attempt, count: countOf(slices), bytes }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
