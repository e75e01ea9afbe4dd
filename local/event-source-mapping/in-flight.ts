// The batches that are being invoked or wait to be tried again, and which partitions they own.
import { type Backoff, backoffMs } from './backoff.ts'
import type { WaitingRecord } from './batch.ts'
import type { HappeningBody, OffsetsByPartition } from './happening.ts'
import type { Outcome } from './outcome.ts'
import type { PartitionQueue } from './partition.ts'

/** The records of one partition in a batch. */
export interface Slice {
  readonly queue: PartitionQueue
  readonly records: readonly WaitingRecord[]
}

/** Records that are invoked together. It owns its partitions until all of its records are resolved. */
export interface Batch {
  readonly id: number
  slices: readonly Slice[]
  /** Of the running, or the last, invocation; from 1. Throttles do not count. */
  attempt: number
  /** Throttles in a row. */
  throttles: number
  running: boolean
  startedMs: number
  /** When it is tried again, unless it runs. */
  retryAtMs: number
  error: string | null
}

export class InFlight {
  #batches = new Set<Batch>()
  /** Partitions that were lost while an invocation ran with their records: the same records must not run beside it. */
  #occupied = new Set<number>()
  #lastId = 0

  /** A new batch, which owns the partitions of its slices from here on. */
  add(slices: Slice[]): Batch {
    for (const { queue, records } of slices) queue.held = records
    this.#lastId += 1
    const batch: Batch = {
      id: this.#lastId,
      slices,
      attempt: 0,
      throttles: 0,
      running: false,
      startedMs: 0,
      retryAtMs: 0,
      error: null,
    }
    this.#batches.add(batch)
    return batch
  }

  start(batch: Batch, now: number): Batch {
    if (batch.throttles === 0) batch.attempt += 1
    batch.running = true
    batch.startedMs = now
    return batch
  }

  /**
   * Ends an invocation: gives back partitions whose records are all resolved, and those that were lost meanwhile. What is left
   * waits for its next attempt, which is told.
   */
  settle(batch: Batch, outcome: Outcome, now: number, backoff: Backoff): HappeningBody | null {
    batch.running = false
    batch.slices = batch.slices.flatMap((slice) => {
      const { queue } = slice
      if (queue.lost) {
        this.#occupied.delete(queue.partition)
        return []
      }
      queue.held = unresolved(slice, outcome)
      queue.freeSinceMs = now
      return queue.held.length > 0 ? [{ queue, records: queue.held }] : []
    })
    if (outcome.kind !== 'ok' && batch.slices.length > 0) return retryLater(batch, outcome, now, backoff)
    this.#batches.delete(batch)
    return null
  }

  /** Gives up on a partition that is not ours any more; what runs with its records is let run, and its result left alone. */
  lose(queue: PartitionQueue): void {
    queue.lost = true
    const batch = this.ownerOf(queue)
    if (!batch) return
    if (batch.running) {
      this.#occupied.add(queue.partition)
      return
    }
    batch.slices = batch.slices.filter((slice) => slice.queue !== queue)
    if (batch.slices.length === 0) this.#batches.delete(batch)
  }

  ownerOf(queue: PartitionQueue): Batch | undefined {
    return [...this.#batches].find(({ slices }) => slices.some((slice) => slice.queue === queue))
  }

  /** May records of this partition be invoked? */
  isFree(queue: PartitionQueue): boolean {
    return queue.held.length === 0 && !this.#occupied.has(queue.partition)
  }

  get running(): number {
    return [...this.#batches].filter(({ running }) => running).length
  }

  /** Those that wait for another attempt, the next one first. */
  waiting(): Batch[] {
    return [...this.#batches].filter(({ running }) => !running).sort((a, b) => a.retryAtMs - b.retryAtMs)
  }
}

/** The offsets of a batch, by partition. */
export function offsetsIn(batch: Batch): OffsetsByPartition {
  return Object.fromEntries(batch.slices.map(({ queue, records }) => [queue.key, records.map(({ offset }) => offset)]))
}

/** What is told of the end of an invocation, before it is settled. */
export function resultOf(batch: Batch, outcome: Outcome, now: number): Extract<HappeningBody, { type: 'result' }> {
  const { id, attempt, startedMs } = batch
  const durationMs = Math.round(now - startedMs)
  const result = { type: 'result', batch: id, records: offsetsIn(batch), attempt, durationMs } as const
  if (outcome.kind === 'ok') return { ...result, outcome: 'ok' }
  const error = errorOf(outcome)
  if (outcome.kind !== 'partial') return { ...result, outcome: outcome.kind, error }
  const failed = Object.fromEntries([...outcome.failed].map(([key, offsets]) => [key, [...offsets]]))
  return { ...result, outcome: 'partial', failed, error }
}

function unresolved({ queue, records }: Slice, outcome: Outcome): readonly WaitingRecord[] {
  if (outcome.kind === 'ok') return []
  if (outcome.kind !== 'partial') return records
  return records.filter(({ offset }) => outcome.failed.get(queue.key)?.has(offset))
}

function retryLater(
  batch: Batch,
  outcome: Exclude<Outcome, { kind: 'ok' }>,
  now: number,
  backoff: Backoff,
): HappeningBody {
  const throttled = outcome.kind === 'throttled'
  batch.throttles = throttled ? batch.throttles + 1 : 0
  batch.error = errorOf(outcome)
  const delayMs = backoffMs(throttled ? batch.throttles : batch.attempt, backoff)
  batch.retryAtMs = now + delayMs
  const attempt = throttled ? batch.attempt : batch.attempt + 1
  return { type: 'retry', batch: batch.id, records: offsetsIn(batch), attempt, delayMs, error: batch.error }
}

function errorOf(outcome: Exclude<Outcome, { kind: 'ok' }>): string {
  return outcome.kind === 'partial' ? 'The function reported batch item failures' : outcome.error
}
