// What the broker does by itself from time to time: deletes old records, compacts, and bounds the next start.
import { compact } from './log/compact.ts'
import type { PartitionLog } from './log/log.ts'
import type { Topics } from './log/topics.ts'

/** log.cleaner.backoff.ms */
const defaultRoundMs = 15_000

/** log.retention.check.interval.ms, in rounds. */
const retentionRounds = 20

/** Bytes that a start after a kill may have to read in each partition. */
const unsealedBytesMax = 64 * 1024 * 1024

export interface HousekeepingOptions {
  topics: Topics
  /** Milliseconds since 1970. */
  now(): number
  say(line: string): void
}

/** Begins at once, and goes on until `close`. */
export class Housekeeping {
  private readonly options: HousekeepingOptions
  private readonly timer: NodeJS.Timeout
  /** Up to where each log is compact. Forgotten at a restart: the first run looks at everything again. */
  private readonly cleanedTo = new WeakMap<PartitionLog, number>()
  private running: Promise<void> | null = null
  private rounds = 0

  constructor(options: HousekeepingOptions, roundMs = defaultRoundMs) {
    this.options = options
    this.retain()
    this.timer = setInterval(() => this.round(), roundMs).unref()
  }

  /** Ends when what is under way has ended. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    await this.running
  }

  private round(): void {
    if (++this.rounds % retentionRounds === 0) this.retain()
    this.attempt('the state of segments cannot be written', () => this.options.topics.seal(unsealedBytesMax))
    this.running ??= this.compactAll().finally(() => {
      this.running = null
    })
  }

  private retain(): void {
    const { topics, now } = this.options
    this.attempt('old records cannot be deleted', () => topics.retain(now()))
  }

  /** One log after the other, in slices, so that clients hardly notice. */
  private async compactAll(): Promise<void> {
    for (const log of this.options.topics.logs()) {
      if (log.closed || log.configs['cleanup.policy'] === 'delete') continue
      try {
        this.cleanedTo.set(log, await compact(log, this.cleanedTo.get(log) ?? 0, this.options.now()))
      } catch (error) {
        this.options.say(`a log cannot be compacted: ${(error as Error).message}`)
      }
    }
  }

  private attempt(failure: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.options.say(`${failure}: ${(error as Error).message}`)
    }
  }
}
