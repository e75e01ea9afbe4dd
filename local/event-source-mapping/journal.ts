// What a mapping tells: everything that happens to whoever watches it, as metrics, and as Lambda's system log.

import type { Happening, HappeningBody } from './happening.ts'
import { countMetrics, type MetricCounts, noMetrics } from './metrics.ts'
import { type GivenUp, withGivenUp } from './recently-given-up.ts'
import type { MappingSettings } from './settings.ts'
import type { PartitionState } from './state.ts'
import { kafkaStatusEveryMs, partitionOffsets, type SystemLog, type SystemLogEvent, systemLog } from './system-log.ts'

export interface JournalOptions {
  uuid: string
  settings: MappingSettings
  /** Is called for everything that happens, in order. It must not throw. */
  emit: (happening: Happening) => void
  /** Is given what the mapping's `SystemLogLevel` lets through. It must not throw. */
  writeSystemLog: (event: SystemLogEvent) => void
  /** Where the partitions stand. */
  partitions: () => readonly PartitionState[]
}

export class Journal {
  readonly #options: JournalOptions
  readonly #systemLog: SystemLog
  readonly #timer: NodeJS.Timeout
  #counts = noMetrics
  #givenUp: GivenUp[] = []
  #partitionCount: number | null = null

  constructor(options: JournalOptions) {
    this.#options = options
    const { settings, uuid } = options
    const mapping = {
      uuid,
      // The account number of Amazon's own examples: there is no account here.
      resourceArn: `arn:aws:lambda:us-east-1:123456789012:event-source-mapping:${uuid}`,
      eventSourceArn: settings.eventSourceArn,
      bootstrapServers: settings.bootstrapServers,
      topic: settings.topic,
      consumerGroupId: settings.consumerGroupId,
      totalPartitionCount: () => this.#partitionCount,
    }
    this.#systemLog = systemLog(mapping, settings.systemLogLevel, options.writeSystemLog)
    this.#timer = setInterval(() => this.#tellStatus(), kafkaStatusEveryMs).unref()
  }

  get counts(): MetricCounts {
    return this.#counts
  }

  /** The newest first. */
  get givenUp(): GivenUp[] {
    return this.#givenUp
  }

  tell(body: HappeningBody): void {
    this.#counts = countMetrics(this.#counts, body)
    // Of interest as a sum only, and as frequent as fetches are.
    if (body.type === 'polled') return
    const happening = { ...body, t: Date.now() }
    this.#givenUp = withGivenUp(this.#givenUp, happening)
    this.#options.emit(happening)
    this.#systemLog.happened(happening)
  }

  /** How many partitions the topic is known to have. */
  notePartitions(count: number): void {
    this.#partitionCount = count
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #tellStatus(): void {
    this.#systemLog.status(partitionOffsets(this.#options.partitions()), Date.now())
  }
}
