// A Kafka, a group and a function in miniature, with faults at every step, for the dispatcher's property test.
import { ok as assert, deepStrictEqual } from 'node:assert'
import type { WaitingRecord } from './batch.ts'
import { Dispatcher } from './dispatch.ts'
import type { HappeningBody } from './happening.ts'
import type { Batch } from './in-flight.ts'
import type { InvokeResult } from './invoke.ts'

const partitions = [0, 1, 2]
const endOffset = 60
/** Never delivered: a transaction's marker. */
const isControl = (offset: number): boolean => offset % 11 === 7
const isTooLarge = (offset: number): boolean => offset % 17 === 5
const isRecord = (offset: number): boolean => !isControl(offset) && !isTooLarge(offset)

/** `chance` answers any natural number; the same answers make the same run. */
export class Simulation {
  readonly #chance: () => number
  #now = 0
  #dispatcher: Dispatcher
  #assigned = [...partitions]
  /** Where the member fetches next, by partition. */
  #positions = new Map(partitions.map((partition) => [partition, 0]))
  #running: Batch[] = []
  readonly #committed = new Map(partitions.map((partition) => [partition, 0]))
  /** `<partition>/<offset>` of every record that some function has answered for, or that was told as dropped. */
  readonly #done = new Set<string>()

  constructor(chance: () => number) {
    this.#chance = chance
    this.#dispatcher = this.#create()
  }

  step(): void {
    const action = this.#pick(['fetch', 'fetch', 'fetch', 'answer', 'answer', 'commit', 'wait', 'rebalance', 'crash'])
    if (action === 'fetch') this.#fetch(this.#pick(partitions), 1 + this.#upTo(20))
    if (action === 'answer') this.#answer(this.#pick(['ok', 'ok', 'error', 'throttled', 'partial', 'malformed']))
    if (action === 'commit') this.#commit(this.#upTo(4) > 0)
    if (action === 'wait') this.#now += this.#upTo(2_000)
    if (action === 'rebalance') this.#rebalance()
    if (action === 'crash' && this.#upTo(3) === 0) this.#crash()
    this.#turn()
  }

  /** Lets everything succeed, and checks that then nothing is left. */
  finish(): void {
    this.#assign([...partitions], true)
    for (let round = 0; round < 200; round += 1) {
      for (const partition of partitions) this.#fetch(partition, 20)
      this.#now += 30_000
      this.#turn()
      while (this.#running.length > 0) this.#answer('ok')
      this.#commit(true)
    }
    deepStrictEqual([...this.#committed.values()], [endOffset, endOffset, endOffset])
    assert(this.#everyRecordBelow(endOffset, 0) && this.#everyRecordBelow(endOffset, 1))
  }

  #create(): Dispatcher {
    const dispatcher = new Dispatcher(
      {
        topic: 't',
        limits: { recordsMax: 8, windowMs: this.#upTo(2) * 500, bytesMax: 60 },
        concurrency: 1 + this.#upTo(3),
        retryBackoffMs: { min: 1_000, max: 30_000 },
        reportBatchItemFailures: true,
      },
      (happening) => this.#told(happening),
    )
    dispatcher.assign(this.#assigned, false)
    return dispatcher
  }

  #fetch(partition: number, count: number): void {
    const position = this.#positions.get(partition) ?? 0
    const isKnown = this.#dispatcher.queue(partition)?.nextOffset != null
    // A fetch may be repeated: then it begins with records that have come before.
    const from = isKnown ? Math.max(0, position - this.#upTo(4)) : position
    const to = Math.min(endOffset, position + count)
    if (!this.#assigned.includes(partition) || to === from) return
    const records: WaitingRecord[] = []
    for (let offset = from; offset < to; offset += 1) {
      if (!isControl(offset)) records.push({ offset, arrivedMs: this.#now, json: isTooLarge(offset) ? null : '{}' })
    }
    this.#positions.set(partition, to)
    this.#dispatcher.arrive({ partition, fetchedOffset: from, nextOffset: to, records })
  }

  #turn(): void {
    for (const batch of this.#dispatcher.turn(this.#now).invoke) {
      const busy = this.#running.flatMap(({ slices }) => slices.map(({ queue }) => queue.partition))
      for (const { queue, records } of batch.slices) {
        assert(!busy.includes(queue.partition), 'two invocations share a partition')
        assert(records.length > 0)
        assert(
          records.every(({ offset }, index) => offset > (records[index - 1]?.offset ?? -1)),
          'a record twice, or out of order',
        )
        const first = records[0]?.offset ?? 0
        assert(
          this.#everyRecordBelow(first, queue.partition),
          `${queue.key}: ${first} is invoked before a lower one is done`,
        )
      }
      this.#running.push(batch)
    }
  }

  #answer(how: 'ok' | 'error' | 'throttled' | 'partial' | 'malformed'): void {
    const [batch] = this.#running.splice(this.#upTo(this.#running.length), 1)
    if (!batch) return
    const all = batch.slices.flatMap(({ queue, records }) => records.map(({ offset }) => ({ queue, offset })))
    const failed = how === 'ok' ? [] : how === 'partial' ? all.filter(() => this.#upTo(2) === 0) : all
    for (const { queue, offset } of all) {
      if (!failed.some((one) => one.queue === queue && one.offset === offset))
        this.#done.add(`${queue.partition}/${offset}`)
    }
    const identifiers = failed.map(({ queue, offset }) => ({ itemIdentifier: { partition: queue.key, offset } }))
    const results: Record<typeof how, InvokeResult> = {
      ok: { kind: 'ok', payload: 'null' },
      error: { kind: 'function-error', errorType: 'E', errorMessage: '' },
      throttled: { kind: 'throttled' },
      partial: { kind: 'ok', payload: JSON.stringify({ batchItemFailures: identifiers }) },
      malformed: { kind: 'ok', payload: '{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":-1}}]}' },
    }
    this.#dispatcher.answer(batch, results[how], this.#now)
  }

  #commit(succeeds: boolean): void {
    const commits = this.#dispatcher.takeCommits()
    for (const { queue, offset } of commits) {
      assert(!queue.lost && this.#assigned.includes(queue.partition), 'a commit for a partition of another member')
      assert(
        this.#everyRecordBelow(offset, queue.partition),
        `${queue.key}: ${offset} is committed past an unresolved record`,
      )
      assert(offset >= (this.#committed.get(queue.partition) ?? 0), `${queue.key}: the commit went back to ${offset}`)
      if (succeeds) this.#committed.set(queue.partition, offset)
    }
    if (succeeds) this.#dispatcher.committed(commits)
    else this.#dispatcher.notCommitted(commits, 'not now')
  }

  #rebalance(): void {
    const kept = partitions.filter(() => this.#upTo(3) > 0)
    this.#assign(kept, this.#upTo(2) === 0)
  }

  #assign(assigned: number[], sameMember: boolean): void {
    const gone = partitions.filter((partition) => !sameMember || !assigned.includes(partition))
    // Another member reads some of what was ours, and commits it, before anything comes back to us.
    for (const partition of gone) this.#readElsewhere(partition, this.#upTo(10))
    const kept = this.#dispatcher.assign(assigned, sameMember)
    this.#assigned = assigned
    for (const partition of assigned) this.#positions.set(partition, this.#committed.get(partition) ?? 0)
    for (const { partition, nextOffset } of kept) if (nextOffset !== null) this.#positions.set(partition, nextOffset)
  }

  #readElsewhere(partition: number, count: number): void {
    const from = this.#committed.get(partition) ?? 0
    const to = Math.min(endOffset, from + count)
    for (let offset = from; offset < to; offset += 1) this.#done.add(`${partition}/${offset}`)
    this.#committed.set(partition, to)
  }

  #crash(): void {
    this.#running = []
    this.#assigned = [...partitions]
    this.#dispatcher = this.#create()
    for (const partition of partitions) this.#positions.set(partition, this.#committed.get(partition) ?? 0)
  }

  #told(happening: HappeningBody): void {
    assert(happening.type !== 'out-of-range', 'Kafka has lost nothing')
    if (happening.type !== 'dropped') return
    for (const [key, offsets] of Object.entries(happening.records)) {
      for (const offset of offsets) {
        assert(isTooLarge(offset), `${key}: ${offset} was dropped`)
        this.#done.add(`${key.slice(2)}/${offset}`)
      }
    }
  }

  #everyRecordBelow(offset: number, partition: number): boolean {
    for (let one = 0; one < offset; one += 1) {
      if ((isRecord(one) || isTooLarge(one)) && !this.#done.has(`${partition}/${one}`)) return false
    }
    return true
  }

  #upTo(limit: number): number {
    return limit === 0 ? 0 : this.#chance() % limit
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#upTo(choices.length)] as T
  }
}
