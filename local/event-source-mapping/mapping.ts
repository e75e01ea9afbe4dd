// Runs one event source mapping: reads a topic, invokes a function with batches of its records, commits what is resolved.
import { registerCodecs } from '../../functions/kafka/codecs.ts'
import { type Backoff, retryBackoffDefault } from './backoff.ts'
import { Committer } from './committer.ts'
import { type Delivery, openDelivery } from './delivery.ts'
import { Dispatcher } from './dispatch.ts'
import { dispatcherOptions } from './dispatch-options.ts'
import type { Happening, HappeningBody } from './happening.ts'
import type { Batch } from './in-flight.ts'
import type { Invoke, InvokeResult } from './invoke.ts'
import { Journal } from './journal.ts'
import { countOf, offsetsIn } from './part.ts'
import type { Poller } from './poller.ts'
import { PollerScale } from './poller-scale.ts'
import { invocationsPerPoller } from './pollers.ts'
import { openReading } from './reading.ts'
import { type MappingSettings, parseSettings } from './settings.ts'
import { type MappingState, stateOf } from './state.ts'
import type { SystemLogEvent } from './system-log.ts'
import { type AbsentForm, type EventSource, encodeEvent, envelopeBytes, payloadBytesMax } from './to-event.ts'

export type { Happening } from './happening.ts'
export type { Invoke, InvokeResult } from './invoke.ts'
export type { MappingState, PartitionState } from './state.ts'
export type { SystemLogEvent } from './system-log.ts'

export interface MappingOptions {
  /** Names the mapping: the consumer group where none is set. */
  uuid: string
  /** The JSON of CreateEventSourceMapping. */
  settings: unknown
  invoke: Invoke
  /** `host:port`; in place of the brokers that the settings name. */
  brokers?: string[]
  /** In place of the group that the settings name. */
  consumerGroupId?: string
  /** AWS allows 14 minutes with a Kafka mapping. */
  functionTimeoutSeconds?: number
  /** How many invocations the function takes at once. Our choice: more are not tried, where AWS's would be throttled. */
  concurrencyMax?: number
  /** Where the stand-ins for SQS, SNS and S3 put what is given up. */
  destinationsFolder?: string
  /** Where the member of the group is kept, so that the next start need not wait for its session time-out. */
  membersFolder?: string
  retryBackoffMs?: Backoff
  /** How a key or value that a record does not have is written; left out unless told otherwise. */
  absent?: AbsentForm
  /** How long `stop` lets running invocations go on. */
  stopMsMax?: number
  /** Is called for everything that happens, in order. It must not throw. */
  emit: (happening: Happening) => void
  /** Is given what the settings' `SystemLogLevel` lets through of Lambda's system log. It must not throw. */
  writeSystemLog?: (event: SystemLogEvent) => void
}

export interface Mapping {
  state(): MappingState
  /** Starts no further batch, lets running ones finish for 1.5 s unless told otherwise, commits, and leaves the group. */
  stop(): Promise<void>
}

const stopMsMaxDefault = 1_500

/**
 * Starts a mapping and returns at once: reaching Kafka is tried for as long as it takes, and said through `emit`.
 *
 * @throws PipelineError CONFIG_INVALID when the settings are not ones that AWS accepts, or not supported here
 */
export async function startMapping(options: MappingOptions): Promise<Mapping> {
  const settings = parseSettings(options.settings, options.uuid, { ...options, nowMs: Date.now() })
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
  readonly #delivery: Delivery
  readonly #journal: Journal
  readonly #scale: PollerScale
  #turnIsDue = false
  #stopped = false
  #wakeUp: NodeJS.Timeout | undefined
  #whenIdle = (): void => {}

  constructor(options: MappingOptions, settings: MappingSettings) {
    this.#options = options
    this.#settings = settings
    this.#source = { bootstrapServers: settings.bootstrapServers.join(','), arn: settings.eventSourceArn }
    this.#journal = new Journal({
      uuid: options.uuid,
      settings,
      emit: options.emit,
      writeSystemLog: options.writeSystemLog ?? (() => {}),
      partitions: () => this.state().partitions,
    })
    this.#dispatcher = this.#createDispatcher()
    this.#scale = new PollerScale({
      min: settings.pollersMin,
      max: settings.pollersMax,
      partitions: () => this.#dispatcher.queues().length,
      takeLoad: () => this.#dispatcher.takeLoad(),
      changed: () => this.#turnSoon(),
    })
    this.#poller = openReading({
      settings,
      source: this.#source,
      absent: options.absent ?? 'left-out',
      clientId: this.#clientId,
      membersFolder: options.membersFolder,
      dispatcher: this.#dispatcher,
      journal: this.#journal,
      turnSoon: () => this.#turnSoon(),
    })
    this.#delivery = openDelivery({
      uuid: options.uuid,
      clientId: this.#clientId,
      settings,
      source: this.#source,
      folder: options.destinationsFolder ?? '.freshet/destinations',
    })
    this.#committer = new Committer({
      commits: this.#dispatcher.commits,
      commit: (offsets) => this.#poller.commit(offsets),
      again: () => this.#turnSoon(),
    })
    if (settings.enabled) this.#poller.start()
  }

  state(): MappingState {
    return stateOf({
      uuid: this.#options.uuid,
      settings: this.#settings,
      membership: this.#poller.membership,
      pollers: this.#scale.count,
      dispatcher: this.#dispatcher,
      counts: this.#journal.counts,
      givenUp: this.#journal.givenUp,
      epochMs: performance.timeOrigin,
    })
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
    this.#journal.close()
    this.#scale.close()
    await Promise.all([this.#poller.stop(), this.#delivery.close()])
  }

  get #clientId(): string {
    return `freshet-mapping-${this.#options.uuid}`
  }

  #createDispatcher(): Dispatcher {
    const { retryBackoffMs = retryBackoffDefault, concurrencyMax = Number.POSITIVE_INFINITY } = this.#options
    const stage = {
      concurrency: () => Math.min(this.#scale.count * invocationsPerPoller, concurrencyMax),
      epochMs: performance.timeOrigin,
      bytesMax: payloadBytesMax - envelopeBytes(this.#source),
      backoff: retryBackoffMs,
    }
    return new Dispatcher(dispatcherOptions(this.#settings, stage), (happening) => this.#journal.tell(happening))
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
    this.#journal.tell(invocationOf(batch, event.length))
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
    this.#dispatcher.delivered(batch, await this.#delivery.deliver(batch), performance.now())
    this.#ended()
  }

  #ended(): void {
    if (!this.#dispatcher.isBusy) this.#whenIdle()
    this.#turn()
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
