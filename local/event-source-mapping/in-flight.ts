// The batches that are being invoked, wait to be tried again, or are given up, and which partitions they own.
import { type Backoff, backoffMs } from './backoff.ts'
import type { WaitingRecord } from './batch.ts'
import type { GiveUpCondition, HappeningBody } from './happening.ts'
import type { Outcome } from './outcome.ts'
import { countOf, type DonePart, halve, offsetsIn, type Part, type Slice, sift, wholeBatch } from './part.ts'
import type { PartitionQueue } from './partition.ts'

/** Records that were cut together. It owns its partitions until all of its records are resolved. */
export interface Batch {
  readonly id: number
  /** What is tried, or given up, now. */
  current: Part
  /** What waits for that, in order: a batch that was cut in two goes on with its second half. */
  rest: Part[]
  /** The newest of what cutting it has brought to an end. */
  done: DonePart[]
  phase: 'waiting' | 'running' | 'delivering'
  startedMs: number
  /** When it is due, while it waits. */
  dueMs: number
}

export interface RetryPolicy {
  backoff: Backoff
  /** Attempts after the first; Infinity for no limit. */
  retriesMax: number
  /** Cut a batch in two when the function fails. */
  bisects: boolean
}

type Failure = Exclude<Outcome, { kind: 'ok' }>

/** A person looks at them; a poison record alone leaves 14 behind in a batch of 10,000. */
const donePartsMax = 64

export class InFlight {
  readonly #policy: RetryPolicy
  #batches = new Set<Batch>()
  /** Partitions that were lost while an invocation ran with their records: the same records must not run beside it. */
  #occupied = new Set<number>()
  #lastId = 0

  constructor(policy: RetryPolicy) {
    this.#policy = policy
  }

  /** A new batch, which is due at once and owns the partitions of its slices from here on. */
  add(slices: readonly Slice[], giveUp: GiveUpCondition | null, now: number): Batch {
    for (const { queue, records } of slices) queue.held = records
    this.#lastId += 1
    const current = wholeBatch(slices, giveUp)
    const batch: Batch = { id: this.#lastId, current, rest: [], done: [], phase: 'waiting', startedMs: 0, dueMs: now }
    this.#batches.add(batch)
    return batch
  }

  start(batch: Batch, now: number): Batch {
    if (batch.current.throttles === 0) batch.current.attempt += 1
    batch.phase = 'running'
    batch.startedMs = now
    return batch
  }

  /** Gives up, apart from the others, those records of the current part for which `isOld` holds. */
  putAsideOld(batch: Batch, isOld: (record: WaitingRecord) => boolean): void {
    const { current } = batch
    if (current.giveUp !== null) return
    const { wanted: old, others } = sift(current.slices, isOld)
    if (old.length === 0) return
    batch.current = { ...current, slices: old, giveUp: 'RecordAgeExceeded' }
    if (others.length > 0) batch.rest.unshift({ ...current, slices: others })
  }

  /**
   * Ends an invocation: gives back partitions whose records are all resolved, and those that were lost meanwhile. What
   * is left waits for its next attempt, which is told.
   */
  settle(batch: Batch, outcome: Outcome, now: number): HappeningBody | null {
    const owned = queuesOf(batch)
    batch.phase = 'waiting'
    batch.dueMs = now
    const { current } = batch
    const count = countOf(current.slices)
    current.slices = unresolved(current.slices, outcome)
    if (current.slices.length === 0) {
      batch.done = [...batch.done.slice(1 - donePartsMax), { path: current.path, count, gaveUp: current.giveUp }]
    }
    this.#leaveLost(batch, owned)
    // Losing partitions may have left the second half where the failed one was.
    const failed = outcome.kind !== 'ok' && batch.current === current && current.slices.length > 0
    const told = failed ? this.#tryAgain(batch, outcome, now) : null
    this.#hold(batch, owned, now)
    return told
  }

  /** The current part is over and done with, whatever became of it. Answers whether something is left of the batch. */
  finish(batch: Batch, now: number): boolean {
    this.settle(batch, { kind: 'ok' }, now)
    return this.#batches.has(batch)
  }

  /** Gives up on a partition that is not ours any more; what runs with its records is let run, and its result left alone. */
  lose(queue: PartitionQueue): void {
    queue.lost = true
    const batch = this.ownerOf(queue)
    if (!batch) return
    if (batch.phase === 'waiting') this.#leaveLost(batch, [])
    else this.#occupied.add(queue.partition)
  }

  ownerOf(queue: PartitionQueue): Batch | undefined {
    return [...this.#batches].find((batch) => queuesOf(batch).includes(queue))
  }

  /** May records of this partition be invoked? */
  isFree(queue: PartitionQueue): boolean {
    return queue.held.length === 0 && !this.#occupied.has(queue.partition)
  }

  /** Invocations that run. */
  get running(): number {
    return [...this.#batches].filter(({ phase }) => phase === 'running').length
  }

  /** Does anything run, or is on its way to a destination? */
  get isBusy(): boolean {
    return [...this.#batches].some(({ phase }) => phase !== 'waiting')
  }

  /** Those that wait for another attempt, the next one first. */
  waiting(): Batch[] {
    return [...this.#batches].filter(({ phase }) => phase === 'waiting').sort((a, b) => a.dueMs - b.dueMs)
  }

  #tryAgain(batch: Batch, outcome: Failure, now: number): HappeningBody | null {
    const { current: part } = batch
    const { backoff, bisects, retriesMax } = this.#policy
    const isThrottled = outcome.kind === 'throttled'
    part.throttles = isThrottled ? part.throttles + 1 : 0
    part.error = errorOf(outcome)
    const delayMs = backoffMs(isThrottled ? part.throttles : part.attempt, backoff)
    const records = offsetsIn(part.slices)
    const told = { batch: batch.id, records, delayMs, error: part.error }
    if (outcome.kind === 'error' && bisects && countOf(part.slices) > 1) {
      const [first, second] = halve(part)
      batch.current = first
      batch.rest.unshift(second)
      batch.dueMs = now + delayMs
      return {
        type: 'bisect',
        ...told,
        attempt: part.attempt,
        into: [offsetsIn(first.slices), offsetsIn(second.slices)],
      }
    }
    if (!isThrottled && part.attempt > retriesMax) {
      part.giveUp = 'RetryAttemptsExhausted'
      return null
    }
    batch.dueMs = now + delayMs
    return { type: 'retry', ...told, attempt: isThrottled ? part.attempt : part.attempt + 1 }
  }

  /** Drops what lost partitions had in a batch, and the parts and the batch that this leaves empty. */
  #leaveLost(batch: Batch, owned: readonly PartitionQueue[]): void {
    for (const { lost, partition } of owned) if (lost) this.#occupied.delete(partition)
    const parts = [batch.current, ...batch.rest].map((part) => {
      part.slices = part.slices.filter(({ queue }) => !queue.lost)
      return part
    })
    const [current, ...rest] = parts.filter(({ slices }) => slices.length > 0)
    batch.rest = rest
    if (current) batch.current = current
    else this.#batches.delete(batch)
  }

  /** Notes in each partition which of its records are still unresolved. */
  #hold(batch: Batch, owned: readonly PartitionQueue[], now: number): void {
    const slices = this.#batches.has(batch) ? [batch.current, ...batch.rest].flatMap((part) => part.slices) : []
    for (const queue of owned) {
      if (queue.lost) continue
      const held = slices.filter((slice) => slice.queue === queue).flatMap(({ records }) => records)
      // Old records are put aside from among the others.
      queue.held = held.sort((a, b) => a.offset - b.offset)
      queue.freeSinceMs = now
    }
  }
}

/** What is told of the end of an invocation, before it is settled. */
export function resultOf(batch: Batch, outcome: Outcome, now: number): Extract<HappeningBody, { type: 'result' }> {
  const { slices, attempt } = batch.current
  const durationMs = Math.round(now - batch.startedMs)
  const result = { type: 'result', batch: batch.id, records: offsetsIn(slices), attempt, durationMs } as const
  if (outcome.kind === 'ok') return { ...result, outcome: 'ok' }
  const error = errorOf(outcome)
  if (outcome.kind !== 'partial') return { ...result, outcome: outcome.kind, error }
  const failed = Object.fromEntries([...outcome.failed].map(([key, offsets]) => [key, [...offsets]]))
  return { ...result, outcome: 'partial', failed, error }
}

function queuesOf({ current, rest }: Batch): PartitionQueue[] {
  return [...new Set([current, ...rest].flatMap(({ slices }) => slices.map(({ queue }) => queue)))]
}

function unresolved(slices: readonly Slice[], outcome: Outcome): readonly Slice[] {
  if (outcome.kind === 'ok') return []
  if (outcome.kind !== 'partial') return slices
  return sift(slices, ({ offset }, { queue }) => outcome.failed.get(queue.key)?.has(offset) === true).wanted
}

function errorOf(outcome: Failure): string {
  return outcome.kind === 'partial' ? 'The function reported batch item failures' : outcome.error
}
