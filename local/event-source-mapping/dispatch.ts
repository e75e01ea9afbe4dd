// Decides what a mapping does next: which batches to invoke, what to try again and when, and which offsets are resolved.
//
// It does nothing itself: the shell (mapping.ts) feeds it what happened and carries out what it answers. Time is an
// argument, in milliseconds of any clock that never goes back.
import { nextCut } from './batch.ts'
import { Commits } from './commits.ts'
import type { DispatcherOptions } from './dispatch-options.ts'
import { droppedOf, takenOf } from './give-up.ts'
import type { Beginning } from './group-offsets.ts'
import type { HappeningBody } from './happening.ts'
import { type Batch, InFlight, resultOf } from './in-flight.ts'
import type { InvokeResult } from './invoke.ts'
import { lostOffsets } from './metrics.ts'
import { judge } from './outcome.ts'
import { PartitionQueue } from './partition.ts'
import type { Load } from './pollers.ts'
import type { Arrival, Turn } from './turn.ts'

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #tell: (happening: HappeningBody) => void
  readonly #inFlight: InFlight
  readonly commits: Commits
  #queues = new Map<number, PartitionQueue>()
  #load: Load = { wasShort: false, wasThrottled: false }
  #closed = false

  constructor(options: DispatcherOptions, tell: (happening: HappeningBody) => void) {
    this.#options = options
    this.#tell = tell
    this.#inFlight = new InFlight(options.retry)
    this.commits = new Commits(() => this.#queues.values(), tell)
  }

  /**
   * Takes a new assignment. With `keep`, partitions that stay go on as they are; else everything starts from what
   * Kafka has committed. Returns the queues that go on, whose `nextOffset` is where to fetch.
   */
  assign(partitions: readonly number[], keep: boolean): PartitionQueue[] {
    const before = this.queues()
    const kept = keep ? before.filter(({ partition }) => partitions.includes(partition)) : []
    const lost = before.filter((queue) => !kept.includes(queue))
    this.#queues = new Map(partitions.map((p) => [p, new PartitionQueue(this.#options.topic, p)]))
    for (const queue of kept) this.#queues.set(queue.partition, queue)
    for (const queue of lost) this.#inFlight.lose(queue)
    if (partitions.length > 0 || before.length > 0) {
      const gone = lost.filter(({ partition }) => !partitions.includes(partition))
      this.#tell({
        type: 'assigned',
        partitions: this.queues().map(({ key }) => key),
        lost: gone.map(({ key }) => key),
      })
    }
    return kept
  }

  /** Notes where reading of a partition begins. Where Kafka no longer holds what the group has committed, that is told. */
  begin(beginning: Beginning): void {
    const { partition, offset, committed } = beginning
    const queue = this.#queues.get(partition)
    if (!queue || queue.nextOffset !== null) return
    queue.begin(beginning)
    if (committed === null || committed === offset) return
    this.#tellOutOfRange(queue, committed, offset)
  }

  /** Takes records in. Those of a partition that is not assigned any more are left out: its new owner reads them. */
  arrive({ partition, fetchedOffset, nextOffset, endOffset, records }: Arrival): void {
    let queue = this.#queues.get(partition)
    if (!queue) return
    const expected = queue.nextOffset
    if (queue.outOfRange || (expected !== null && fetchedOffset > expected)) {
      this.#tellOutOfRange(queue, expected, fetchedOffset)
      queue.outOfRange = false
      if (expected !== null && fetchedOffset < expected) queue = this.#startAnew(queue)
      // Records between the two are gone from Kafka. What came before them is still worked on.
      else if (expected !== null) queue.nextOffset = fetchedOffset
    }
    queue.append(records, fetchedOffset, nextOffset)
    queue.endOffset = endOffset ?? queue.endOffset
  }

  /** Notes where the partitions' logs end. */
  noteEnds(spans: ReadonlyMap<number, { high: number }>): void {
    for (const queue of this.#queues.values()) queue.endOffset = spans.get(queue.partition)?.high ?? queue.endOffset
  }

  /** Moves past offsets from `firstOffset` on that hold nothing for a function, such as the markers of transactions. */
  pass(partition: number, firstOffset: number, nextOffset: number): void {
    const queue = this.#queues.get(partition)
    queue?.append([], queue.nextOffset ?? firstOffset, nextOffset)
  }

  /** Notes that Kafka does not have the offset that was asked for; the next arrival tells where it went on. */
  outOfRange(partition: number): void {
    const queue = this.#queues.get(partition)
    if (queue) queue.outOfRange = true
  }

  /** What is due at `now`. Every batch in the answer counts as running, or being delivered, from here on. */
  turn(now: number): Turn {
    const turn: Turn = { invoke: [], deliver: [], wakeAtMs: null }
    if (this.#closed) return turn
    let free = this.#options.concurrency() - this.#inFlight.running
    let cutAtMs: number | null = null
    while (free > 0) {
      const due = this.#inFlight.waiting().find(({ dueMs }) => dueMs <= now)
      const batch = due ?? this.#cut(now)
      if (typeof batch === 'number' || batch === null) {
        cutAtMs = batch
        break
      }
      if (this.#begin(batch, turn, now)) free -= 1
    }
    // With every slot taken, the end of an invocation is what comes next.
    if (free <= 0) this.#load.wasShort ||= this.#isDue(now)
    else turn.wakeAtMs = earliest(cutAtMs, this.#inFlight.waiting()[0]?.dueMs ?? null)
    return turn
  }

  /** Takes the result of an invocation that `turn` asked for. */
  answer(batch: Batch, result: InvokeResult, now: number): void {
    const invoked = batch.current.slices.map(({ queue, records }) => ({ key: queue.key, records }))
    const outcome = judge(invoked, result, this.#options.reportBatchItemFailures)
    const told = resultOf(batch, outcome, now)
    this.#tell(result.kind === 'ok' ? { ...told, answer: result.payload } : told)
    this.#load.wasThrottled ||= result.kind === 'throttled'
    const requestId = result.kind === 'throttled' ? null : (result.requestId ?? null)
    if (result.kind !== 'throttled') batch.current.last = { requestId, failed: result.kind === 'function-error' }
    const next = this.#inFlight.settle(batch, outcome, now)
    if (next) this.#tell(next)
  }

  /** Takes what came of a delivery that `turn` asked for. What was not delivered is lost, as on AWS. */
  delivered(batch: Batch, result: { destination: string } | { error: string }, now: number): void {
    this.#tell('error' in result ? droppedOf(batch, result.error) : takenOf(batch, result.destination))
    this.#inFlight.finish(batch, now)
  }

  /** Whether there were slots enough since the last call. */
  takeLoad(): Load {
    const load = this.#load
    this.#load = { wasShort: false, wasThrottled: false }
    return load
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
    return this.#inFlight.ownerOf(queue)
  }

  /** Does an invocation run, or a delivery? */
  get isBusy(): boolean {
    return this.#inFlight.isBusy
  }

  #isDue(now: number): boolean {
    const waiting = this.#inFlight.waiting()[0]
    return (waiting?.dueMs ?? Infinity) <= now || nextCut(this.#available(), this.#options.limits, now).kind !== 'wait'
  }

  #available(): PartitionQueue[] {
    return this.queues().filter((queue) => queue.records.length > 0 && this.#inFlight.isFree(queue))
  }

  /** Cuts the next batch, or answers when to ask again. */
  #cut(now: number): Batch | number | null {
    const cut = nextCut(this.#available(), this.#options.limits, now)
    if (cut.kind === 'wait') return cut.until
    const takes = cut.kind === 'unfit' ? [cut] : cut.takes
    const slices = takes.map(({ key, count }) => {
      const queue = this.#named(key)
      return { queue, records: queue.take(count) }
    })
    return this.#inFlight.add(slices, cut.kind === 'unfit' ? cut.condition : null, now)
  }

  /** Begins what a batch that is due needs. Answers whether that is an invocation. */
  #begin(batch: Batch, turn: Turn, now: number): boolean {
    const { recordAgeMsMax, epochMs, hasDestination } = this.#options
    const oldestMs = now + epochMs - recordAgeMsMax
    // AWS names it the maximum age of a record that is sent to a function, so a first attempt is no exception.
    if (recordAgeMsMax < Infinity) this.#inFlight.putAsideOld(batch, ({ timestamp }) => Number(timestamp) < oldestMs)
    if (batch.current.giveUp === null) {
      turn.invoke.push(this.#inFlight.start(batch, now))
      return true
    }
    if (hasDestination) {
      batch.phase = 'delivering'
      turn.deliver.push(batch)
    } else {
      this.#tell(droppedOf(batch))
      this.#inFlight.finish(batch, now)
    }
    return false
  }

  #tellOutOfRange(queue: PartitionQueue, from: number | null, to: number): void {
    queue.lostToRetention += lostOffsets({ from, to })
    this.#tell({ type: 'out-of-range', partition: queue.key, from, to })
  }

  /** The topic was made anew: nothing that is known of the old one says anything about the new one. */
  #startAnew(old: PartitionQueue): PartitionQueue {
    const queue = new PartitionQueue(old.topic, old.partition)
    this.#queues.set(old.partition, queue)
    this.#inFlight.lose(old)
    return queue
  }

  #named(key: string): PartitionQueue {
    const queue = this.queues().find((one) => one.key === key)
    if (!queue) throw new Error(`No partition ${key} is assigned. This is a bug in Freshet.`)
    return queue
  }
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
