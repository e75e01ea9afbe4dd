// Finds the partitions whose next records cannot be decoded, after a fetch has failed as a whole, and lets those stand still.
//
// kafkajs decodes every partition of an answer or none, and does not say where it failed. So after a failure each partition
// is first read alone, outside of the group; what cannot be read stays paused, and is tried again from time to time.
import type { Consumer } from 'kafkajs'
import { openRangeReader, type RangeReader } from '../../functions/kafka/read-range.ts'
import type { Beginning } from './group-offsets.ts'
import type { PollerEvents, PollerOptions } from './polling.ts'

type Place = Pick<Beginning, 'partition' | 'offset'>

export interface UnreadableOptions {
  poller: PollerOptions
  assigned: () => number[]
  consumer: Pick<Consumer, 'resume'>
  events: Pick<PollerEvents, 'failed'>
}

/** What damaged the bytes may have been on the way, and a producer may be mended. */
const retryMs = 5_000
/** kafkajs's decoder throws these itself; beyond the end of its bytes Node's Buffer does. */
const decoderComplaint = /^Invalid (VarInt|Long), must contain/

export class Unreadable {
  readonly #options: UnreadableOptions
  readonly #reader: RangeReader
  #timers = new Map<number, NodeJS.Timeout>()

  constructor(options: UnreadableOptions) {
    const { clientId, bootstrapServers: brokers } = options.poller
    this.#options = options
    this.#reader = openRangeReader({ clientId, brokers, connectionTimeout: 1_000, logCreator: () => () => {} })
  }

  /** The partitions that can be read; the others are told of, once, and resumed when they can. */
  async sift(places: readonly Place[]): Promise<number[]> {
    const complaints = await Promise.all(places.map((place) => this.#complaintAt(place)))
    places.forEach((place, i) => {
      const complaint = complaints[i]
      if (complaint) this.#standStill(place, complaint)
    })
    return places.filter((_, i) => !complaints[i]).map(({ partition }) => partition)
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #standStill(place: Place, complaint: string): void {
    const { poller, events } = this.#options
    const where = `${poller.topic}-${place.partition}: what follows from offset ${place.offset} on cannot be read`
    events.failed(`${where} (${complaint}); the partition stands still, the others go on`, retryMs)
    this.#tryLater(place)
  }

  #tryLater(place: Place): void {
    clearTimeout(this.#timers.get(place.partition))
    this.#timers.set(
      place.partition,
      setTimeout(() => this.#tryAgain(place), retryMs),
    )
  }

  async #tryAgain(place: Place): Promise<void> {
    const complaint = await this.#complaintAt(place)
    const { partition } = place
    if (!this.#timers.has(partition)) return
    if (complaint && this.#options.assigned().includes(partition)) return this.#tryLater(place)
    this.#timers.delete(partition)
    if (!complaint) this.#options.consumer.resume([{ topic: this.#options.poller.topic, partitions: [partition] }])
  }

  /** What the decoder says; null where it can read, and where Kafka cannot be asked: then the fetches will tell. */
  async #complaintAt({ partition, offset }: Place): Promise<string | null> {
    const { topic } = this.#options.poller
    try {
      await this.#reader.read({ topic, partition, from: offset, to: Number.MAX_SAFE_INTEGER })
      return null
    } catch (error) {
      const cause = rootOf(error as Error)
      return cause instanceof RangeError || decoderComplaint.test(cause.message) ? cause.message : null
    }
  }
}

function rootOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error
}
