// Runs one event source mapping: reads a topic, invokes a function with batches of its records, commits what is resolved.
import { randomUUID } from 'node:crypto'
import { registerCodecs } from '../../functions/kafka/codecs.ts'
import { type Backoff, retryBackoffDefault } from './backoff.ts'
import { Committer } from './committer.ts'
import { deliver } from './deliver.ts'
import { type DestinationPublisher, openDestinationPublisher } from './destination-publisher.ts'
import { Dispatcher } from './dispatch.ts'
import { compileFilters } from './filter.ts'
import { failedBatchOf } from './give-up.ts'
import type { Happening, HappeningBody } from './happening.ts'
import type { Batch } from './in-flight.ts'
import { fillOf, Intake, type TakenIn } from './intake.ts'
import type { Invoke, InvokeResult } from './invoke.ts'
import { countMetrics, noMetrics } from './metrics.ts'
import { countOf, offsetsIn } from './part.ts'
import { Poller } from './poller.ts'
import type { Fetched } from './polling.ts'
import { recordDecoder } from './schema-registry/decode.ts'
import { type MappingSettings, parseSettings } from './settings.ts'
import { type MappingState, stateOf } from './state.ts'
import { type EventSource, encodeEvent, envelopeBytes, payloadBytesMax } from './to-event.ts'

export type { Happening } from './happening.ts'
export type { Invoke, InvokeResult } from './invoke.ts'
export type { MappingState, PartitionState } from './state.ts'

export interface MappingOptions {
  /** Names the mapping: the consumer group where none is set. */
  uuid: string
  /** The JSON of CreateEventSourceMapping. */
  settings: unknown
  invoke: Invoke
  /** `host:port`; in place of the brokers that the settings name. */
  brokers?: string[]
  /** Where the stand-ins for SQS, SNS and S3 put what is given up. */
  destinationsFolder?: string
  /** Where the member of the group is kept, so that the next start need not wait for its session time-out. */
  membersFolder?: string
  /** In-flight invocations at most; by default 5 for each event poller, as AWS has it. */
  concurrency?: number
  retryBackoffMs?: Backoff
  /** How long `stop` lets running invocations go on. */
  stopMsMax?: number
  /** Is called for everything that happens, in order. It must not throw. */
  emit: (happening: Happening) => void
}

export interface Mapping {
  state(): MappingState
  /** Starts no further batch, lets running ones finish for 1.5 s unless told otherwise, commits, and leaves the group. */
  stop(): Promise<void>
}

const stopMsMaxDefault = 1_500
/** Event pollers invoke this often at once. https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const invocationsPerPoller = 5

/**
 * Starts a mapping and returns at once: reaching Kafka is tried for as long as it takes, and said through `emit`.
 *
 * @throws PipelineError CONFIG_INVALID when the settings are not ones that AWS accepts, or not supported here
 */
export async function startMapping(options: MappingOptions): Promise<Mapping> {
  const { brokers, uuid } = options
  const settings = parseSettings(options.settings, uuid, { nowMs: Date.now(), ...(brokers && { brokers }) })
  registerCodecs()
  return new MappingShell(options, settings)
}

class MappingShell implements Mapping {
  readonly #options: MappingOptions
  readonly #settings: MappingSettings
  readonly #source: EventSource
  readonly #dispatcher: Dispatcher
  readonly #committer: Committer
  readonly #poller: Poller
  readonly #intake: Intake
  readonly #publisher: DestinationPublisher
  #counts = noMetrics
  #turnIsDue = false
  #stopped = false
  #wakeUp: NodeJS.Timeout | undefined
  #whenIdle = (): void => {}

  constructor(options: MappingOptions, settings: MappingSettings) {
    this.#options = options
    this.#settings = settings
    this.#source = { bootstrapServers: settings.bootstrapServers.join(','), arn: settings.eventSourceArn }
    const filter = settings.filterPatterns.length > 0 ? compileFilters(settings.filterPatterns) : null
    const decode = settings.schemaRegistry ? recordDecoder(settings.schemaRegistry, () => performance.now()) : null
    this.#intake = new Intake({ topic: settings.topic, source: this.#source, filter, decode })
    this.#dispatcher = this.#createDispatcher()
    this.#poller = this.#createPoller()
    this.#publisher = openDestinationPublisher(this.#clientId, settings.bootstrapServers)
    this.#committer = new Committer({
      dispatcher: this.#dispatcher,
      commit: (offsets) => this.#poller.commit(offsets),
      again: () => this.#turnSoon(),
    })
    if (settings.enabled) this.#poller.start()
  }

  state(): MappingState {
    return stateOf(this.#options.uuid, this.#settings, this.#dispatcher, this.#counts, performance.timeOrigin)
  }

  async stop(): Promise<void> {
    this.#dispatcher.close()
    clearTimeout(this.#wakeUp)
    if (this.#dispatcher.isBusy) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#options.stopMsMax ?? stopMsMaxDefault)
        this.#whenIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    // Kafka may be out of reach, and a commit would wait for it.
    await Promise.race([this.#committer.commitResolved(), delay(stopMsMaxDefault)])
    this.#stopped = true
    await Promise.all([this.#poller.stop(), this.#publisher.close()])
  }

  get #clientId(): string {
    return `freshet-mapping-${this.#options.uuid}`
  }

  #createDispatcher(): Dispatcher {
    const { concurrency, retryBackoffMs = retryBackoffDefault } = this.#options
    const settings = this.#settings
    const bytesMax = payloadBytesMax - envelopeBytes(this.#source)
    return new Dispatcher(
      {
        topic: settings.topic,
        limits: { recordsMax: settings.batchSizeMax, windowMs: settings.windowMs, bytesMax },
        concurrency: concurrency ?? settings.pollers * invocationsPerPoller,
        retry: {
          backoff: retryBackoffMs,
          retriesMax: settings.retriesMax ?? Number.POSITIVE_INFINITY,
          bisects: settings.bisectOnError,
        },
        recordAgeMsMax: settings.recordAgeMsMax ?? Number.POSITIVE_INFINITY,
        epochMs: performance.timeOrigin,
        reportBatchItemFailures: settings.reportBatchItemFailures,
        hasDestination: settings.destination !== null,
      },
      (happening) => this.#tell(happening),
    )
  }

  #createPoller(): Poller {
    const { topic, bootstrapServers, consumerGroupId, startingPosition, startingTimestampMs } = this.#settings
    const dispatcher = this.#dispatcher
    const { membersFolder } = this.#options
    const start = { position: startingPosition, timestampMs: startingTimestampMs }
    return new Poller(
      { bootstrapServers, topic, groupId: consumerGroupId, clientId: this.#clientId, start, membersFolder },
      {
        assigned: (partitions, sameMember) => {
          const kept = dispatcher.assign(partitions, sameMember)
          this.#turnSoon()
          return kept.flatMap(({ partition, nextOffset: offset }) => (offset === null ? [] : [{ partition, offset }]))
        },
        begins: (beginnings) => {
          for (const beginning of beginnings) dispatcher.begin(beginning)
          this.#turnSoon()
        },
        arrived: (fetched) => this.#arrived(fetched),
        passed: (...offsets) => {
          dispatcher.pass(...offsets)
          this.#turnSoon()
        },
        outOfRange: (partition) => dispatcher.outOfRange(partition),
        spans: (spans) => dispatcher.noteEnds(spans),
        failed: (error, delayMs) => this.#tell({ type: 'poll-error', error, delayMs }),
        position: (partition) => dispatcher.queue(partition)?.nextOffset ?? null,
        isBehind: (partition) => dispatcher.queue(partition)?.isBehind ?? false,
        isFull: (partition) => this.#fill(partition) >= 1,
        hasRoom: (partition) => this.#fill(partition) <= 0.5,
      },
    )
  }

  #arrived({ partition, fetchedOffset, nextOffset, endOffset, messages, isCurrent }: Fetched): void | Promise<void> {
    // Whole milliseconds: a fraction would cost an allocation for each record.
    const taken = this.#intake.take(partition, messages, Math.floor(performance.now()))
    const arrive = ({ records, filtered }: TakenIn): void => {
      if (!isCurrent()) return
      const key = `${this.#settings.topic}-${partition}`
      this.#tell({ type: 'polled', partition: key, count: messages.length })
      if (filtered.length > 0) this.#tell({ type: 'filtered', records: { [key]: filtered } })
      this.#dispatcher.arrive({ partition, fetchedOffset, nextOffset, endOffset, records })
      this.#turnSoon()
    }
    return taken instanceof Promise ? taken.then(arrive) : arrive(taken)
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
    const { invoke, deliver, wakeAtMs } = this.#dispatcher.turn(now)
    for (const batch of invoke) void this.#invoke(batch)
    for (const batch of deliver) void this.#deliver(batch)
    void this.#committer.commitResolved()
    this.#poller.roomMade()
    if (wakeAtMs !== null) this.#wakeUp = setTimeout(() => this.#turn(), Math.max(0, wakeAtMs - now))
  }

  async #invoke(batch: Batch): Promise<void> {
    const event = encodeEvent(
      this.#source,
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
    this.#ended()
  }

  async #deliver(batch: Batch): Promise<void> {
    const { destination, functionName } = this.#settings
    if (!destination) throw new Error('There is no destination to deliver to. This is a bug in Freshet.')
    const failed = failedBatchOf(batch, this.#source, arnOf(functionName), { ms: Date.now(), requestId: randomUUID() })
    const name = destination.kind === 'kafka' ? `kafka://${destination.topic}` : destination.arn
    const result = await deliver(destination, failed, {
      publish: this.#publisher.publish,
      folder: this.#options.destinationsFolder ?? '.freshet/destinations',
      mappingUuid: this.#options.uuid,
      newId: randomUUID,
    }).then(
      () => ({ destination: name }),
      (error) => ({ error: messageOf(error) }),
    )
    this.#dispatcher.delivered(batch, result, performance.now())
    this.#ended()
  }

  #ended(): void {
    if (!this.#dispatcher.isBusy) this.#whenIdle()
    this.#turn()
  }

  #tell(happening: HappeningBody): void {
    this.#counts = countMetrics(this.#counts, happening)
    // Of interest as a sum only, and as frequent as fetches are.
    if (happening.type === 'polled') return
    this.#options.emit({ ...happening, t: Date.now() })
  }
}

function invocationOf(batch: Batch, bytes: number): HappeningBody {
  const { slices, attempt } = batch.current
  return { type: 'invoke', batch: batch.id, records: offsetsIn(slices), attempt, count: countOf(slices), bytes }
}

/** The account number of Amazon's own examples: there is no account here. */
function arnOf(functionName: string | null): string {
  if (functionName?.startsWith('arn:')) return functionName
  return `arn:aws:lambda:us-east-1:123456789012:function:${functionName ?? 'function'}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
