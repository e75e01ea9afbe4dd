// Decides what a mapping does next: which batches to invoke, what to try again and when, and which offsets are resolved.
//
// It does nothing itself: the shell (mapping.ts) feeds it what happened and carries out what it answers. Time is an argument.
import { type Backoff, backoffMs } from './backoff.ts'
import { type BatchLimits, nextCut, type WaitingRecord } from './batch.ts'
import type { HappeningBody, OffsetsByPartition } from './happening.ts'
import type { InvokeResult } from './invoke.ts'
import { judge, type Outcome } from './outcome.ts'
import { PartitionQueue } from './partition.ts'

export interface DispatcherOptions {
  topic: string
  limits: BatchLimits
  /** Invocations in flight at most. */
  concurrency: number
  retryBackoffMs: Backoff
  reportBatchItemFailures: boolean
}

/** The records of one partition in a batch. */
export interface Slice {
  queue: PartitionQueue
  records: WaitingRecord[]
}

/** Records that are invoked together. It owns its partitions until all of its records are resolved. */
export interface Batch {
  readonly id: number
  slices: Slice[]
  /** Of the running, or the last, invocation; from 1. Throttles do not count. */
  attempt: number
  /** Throttles in a row. */
  throttles: number
  running: boolean
  startedMs: number
  /** When it is tried again, ms, unless it runs. */
  retryAtMs: number
  error: string | null
}

/** What Kafka brought for one partition. */
export interface Arrival {
  partition: number
  /** The offset that was asked for. */
  fetchedOffset: number
  /** The offset to ask for next: behind the last record, control records included. */
  nextOffset: number
  records: readonly WaitingRecord[]
}

/** What is to be done now. */
export interface Turn {
  invoke: Batch[]
  /** When to ask again if nothing happens before, ms. */
  wakeAtMs: number | null
}

/** A commit to ask Kafka for. */
export interface Commit {
  queue: PartitionQueue
  offset: number
}

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #tell: (happening: HappeningBody) => void
  #queues = new Map<number, PartitionQueue>()
  #batches = new Set<Batch>()
  /** Partitions that were lost while an invocation ran with their records: the same records must not run beside it. */
  #occupied = new Set<number>()
  #batchId = 0
  #closed = false

  constructor(options: DispatcherOptions, tell: (happening: HappeningBody) => void) {
    this.#options = options
    this.#tell = tell
  }

  /**
   * Takes a new assignment. With `keep`, partitions that stay go on as they are; else everything starts from what
   * Kafka has committed. Returns the queues that go on, whose `nextOffset` is where to fetch.
   */
  assign(partitions: readonly number[], keep: boolean): PartitionQueue[] {
    const before = this.#queues
    const kept = keep ? partitions.flatMap((partition) => before.get(partition) ?? []) : []
    const lost = [...before.values()].filter((queue) => !kept.includes(queue))
    this.#queues = new Map(partitions.map((p) => [p, new PartitionQueue(this.#options.topic, p)]))
    for (const queue of kept) this.#queues.set(queue.partition, queue)
    for (const queue of lost) this.#lose(queue)
    if (partitions.length > 0 || before.size > 0) {
      const names = [...this.#queues.values()].map(({ key }) => key)
      this.#tell({
        type: 'assigned',
        partitions: names,
        lost: lost.flatMap(({ key }) => (names.includes(key) ? [] : [key])),
      })
    }
    return kept
  }

  /** Takes records in. Those of a partition that is not assigned any more are left out: its new owner reads them. */
  arrive({ partition, fetchedOffset, nextOffset, records }: Arrival): void {
    let queue = this.#queues.get(partition)
    if (!queue) return
    const expected = queue.nextOffset
    if (queue.outOfRange || (expected !== null && fetchedOffset > expected)) {
      this.#tell({ type: 'out-of-range', partition: queue.key, from: expected, to: fetchedOffset })
      queue.outOfRange = false
      if (expected !== null && fetchedOffset < expected) queue = this.#startAnew(queue)
      // Records between the two are gone from Kafka. What came before them is still worked on.
      else if (expected !== null) queue.nextOffset = fetchedOffset
    }
    queue.append(records, fetchedOffset, nextOffset)
  }

  /** Notes that Kafka does not have the offset that was asked for; the next arrival tells where it went on. */
  outOfRange(partition: number): void {
    const queue = this.#queues.get(partition)
    if (queue) queue.outOfRange = true
  }

  /** What is due at `now`. Every batch in the answer counts as running from here on. */
  turn(now: number): Turn {
    const invoke: Batch[] = []
    if (this.#closed) return { invoke, wakeAtMs: null }
    let free = this.#options.concurrency - this.#running().length
    for (const batch of this.#waitingToRetry()) {
      if (free === 0 || batch.retryAtMs > now) break
      invoke.push(this.#start(batch, now))
      free -= 1
    }
    let until: number | null = null
    while (free > 0) {
      const cut = nextCut(this.#available(), this.#options.limits, now)
      if (cut.kind === 'wait') {
        until = cut.until
        break
      }
      if (cut.kind === 'drop') this.#drop(cut.key)
      else {
        invoke.push(this.#start(this.#cut(cut.takes), now))
        free -= 1
      }
    }
    const retryAtMs = free > 0 ? this.#waitingToRetry()[0]?.retryAtMs : undefined
    return { invoke, wakeAtMs: earliest(until, retryAtMs ?? null) }
  }

  /** Takes the result of an invocation that `turn` asked for. */
  answer(batch: Batch, result: InvokeResult, now: number): void {
    const outcome = judge(
      batch.slices.map(({ queue, records }) => ({ key: queue.key, offsets: new Set(records.map((r) => r.offset)) })),
      result,
      this.#options.reportBatchItemFailures,
    )
    batch.running = false
    this.#tell(resultOf(batch, outcome, now - batch.startedMs))
    this.#resolve(batch, outcome, now)
    if (batch.slices.length === 0) this.#batches.delete(batch)
    else this.#retryLater(batch, outcome, now)
  }

  /** The commits that are due: offsets that were resolved since the last call, of partitions that are still ours. */
  takeCommits(): Commit[] {
    const commits: Commit[] = []
    for (const queue of this.#queues.values()) {
      const offset = queue.resolvedOffset
      if (offset === null || offset <= (queue.requestedOffset ?? -1)) continue
      queue.requestedOffset = offset
      commits.push({ queue, offset })
    }
    return commits
  }

  committed(commits: readonly Commit[]): void {
    for (const { queue, offset } of commits) queue.committedOffset = offset
    const alive = commits.filter(({ queue }) => !queue.lost)
    if (alive.length > 0) this.#tell({ type: 'commit', offsets: offsetsOf(alive) })
  }

  /** The commits failed and are due again. Whether Kafka took them nobody knows; committing twice does no harm. */
  notCommitted(commits: readonly Commit[], error: string): void {
    for (const { queue } of commits) queue.requestedOffset = queue.committedOffset ?? -1
    this.#tell({ type: 'commit-error', offsets: offsetsOf(commits), error })
  }

  /** Lets no further batch start. */
  close(): void {
    this.#closed = true
  }

  queue(partition: number): PartitionQueue | undefined {
    return this.#queues.get(partition)
  }

  queues(): PartitionQueue[] {
    return [...this.#queues.values()]
  }

  /** The batch that owns a partition. */
  ownerOf(queue: PartitionQueue): Batch | undefined {
    return [...this.#batches].find(({ slices }) => slices.some((slice) => slice.queue === queue))
  }

  get isRunning(): boolean {
    return this.#running().length > 0
  }

  #running(): Batch[] {
    return [...this.#batches].filter(({ running }) => running)
  }

  #waitingToRetry(): Batch[] {
    return [...this.#batches].filter(({ running }) => !running).sort((a, b) => a.retryAtMs - b.retryAtMs)
  }

  #available(): PartitionQueue[] {
    return this.queues().filter(
      ({ partition, records, held }) => records.length > 0 && held.length === 0 && !this.#occupied.has(partition),
    )
  }

  #cut(takes: { key: string; count: number }[]): Batch {
    const slices = takes.map(({ key, count }) => {
      const queue = this.#named(key)
      const records = queue.take(count)
      queue.held = records
      return { queue, records }
    })
    this.#batchId += 1
    const batch = { id: this.#batchId, slices, attempt: 0, throttles: 0, running: false, startedMs: 0, retryAtMs: 0 }
    const created: Batch = { ...batch, error: null }
    this.#batches.add(created)
    return created
  }

  #start(batch: Batch, now: number): Batch {
    if (batch.throttles === 0) batch.attempt += 1
    batch.running = true
    batch.startedMs = now
    return batch
  }

  #drop(key: string): void {
    const queue = this.#named(key)
    const offsets = queue.take(1).map(({ offset }) => offset)
    const detail = 'The record does not fit into an invocation of 6 MB'
    this.#tell({ type: 'dropped', records: { [key]: offsets }, reason: 'MaximumPayloadSizeExceeded', detail })
  }

  /** Takes out of the batch what is done with: resolved records, partitions without any left, partitions lost meanwhile. */
  #resolve(batch: Batch, outcome: Outcome, now: number): void {
    const left = (slice: Slice): WaitingRecord[] => {
      if (outcome.kind === 'ok') return []
      if (outcome.kind !== 'partial') return slice.records
      return slice.records.filter(({ offset }) => outcome.failed.get(slice.queue.key)?.has(offset))
    }
    batch.slices = batch.slices.flatMap((slice) => {
      const { queue } = slice
      if (queue.lost) {
        this.#occupied.delete(queue.partition)
        return []
      }
      queue.held = left(slice)
      queue.freeSinceMs = now
      return queue.held.length > 0 ? [{ queue, records: [...queue.held] }] : []
    })
  }

  #retryLater(batch: Batch, outcome: Outcome, now: number): void {
    const throttled = outcome.kind === 'throttled'
    batch.throttles = throttled ? batch.throttles + 1 : 0
    batch.error = errorOf(outcome)
    const delayMs = backoffMs(throttled ? batch.throttles : batch.attempt, this.#options.retryBackoffMs)
    batch.retryAtMs = now + delayMs
    const attempt = throttled ? batch.attempt : batch.attempt + 1
    this.#tell({ type: 'retry', batch: batch.id, records: offsetsIn(batch), attempt, delayMs, error: batch.error })
  }

  /** The topic was made anew: nothing that is known of the old one says anything about the new one. */
  #startAnew(old: PartitionQueue): PartitionQueue {
    const queue = new PartitionQueue(old.topic, old.partition)
    this.#queues.set(old.partition, queue)
    this.#lose(old)
    return queue
  }

  #lose(queue: PartitionQueue): void {
    queue.lost = true
    const batch = this.ownerOf(queue)
    if (batch?.running) {
      this.#occupied.add(queue.partition)
      return
    }
    if (!batch) return
    batch.slices = batch.slices.filter((slice) => slice.queue !== queue)
    if (batch.slices.length === 0) this.#batches.delete(batch)
  }

  #named(key: string): PartitionQueue {
    const queue = this.queues().find((one) => one.key === key)
    if (!queue) throw new Error(`No partition ${key} is assigned. This is a bug in Freshet.`)
    return queue
  }
}

/** The offsets of a batch, by partition. */
export function offsetsIn(batch: Batch): OffsetsByPartition {
  return Object.fromEntries(batch.slices.map(({ queue, records }) => [queue.key, records.map(({ offset }) => offset)]))
}

function resultOf(batch: Batch, outcome: Outcome, durationMs: number): HappeningBody {
  const { id, attempt } = batch
  const result = { type: 'result', batch: id, records: offsetsIn(batch), attempt, durationMs } as const
  if (outcome.kind === 'ok') return { ...result, outcome: 'ok' }
  const error = errorOf(outcome)
  if (outcome.kind !== 'partial') return { ...result, outcome: outcome.kind, error }
  const failed = Object.fromEntries([...outcome.failed].map(([key, offsets]) => [key, [...offsets]]))
  return { ...result, outcome: 'partial', failed, error }
}

function errorOf(outcome: Outcome): string {
  if (outcome.kind === 'error') return outcome.error
  return outcome.kind === 'partial' ? 'The function reported batch item failures' : 'Throttled'
}

function offsetsOf(commits: readonly Commit[]): Record<string, number> {
  return Object.fromEntries(commits.map(({ queue, offset }) => [queue.key, offset]))
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
