// A Kafka, a group of two mappings and their functions in miniature, with faults at every step, for the dispatcher's property test.
import { ok as assert, deepStrictEqual } from 'node:assert'
import type { WaitingRecord } from './batch.ts'
import type { Commit } from './commits.ts'
import { Dispatcher } from './dispatch.ts'
import type { DispatcherOptions } from './dispatch-options.ts'
import type { HappeningBody } from './happening.ts'
import type { Batch } from './in-flight.ts'
import type { InvokeResult } from './invoke.ts'
import { countOf } from './part.ts'

const partitions = [0, 1, 2]
const endOffset = 60
/** Never delivered: a transaction's marker. */
const isControl = (offset: number): boolean => offset % 11 === 7
const isTooLarge = (offset: number): boolean => offset % 17 === 5
/** The function fails for it, whoever else is in the batch. */
const isPoison = (offset: number): boolean => offset % 19 === 9

/** One process of the group. */
interface Member {
  dispatcher: Dispatcher
  assigned: number[]
  /** Where it fetches next, by partition. */
  positions: Map<number, number>
  running: Batch[]
  delivering: Batch[]
  /** Commits on their way; Kafka refuses them after a rebalance. */
  sent: { commits: Commit[]; generation: number } | null
}

/** `chance` answers any natural number; the same answers make the same run. */
export class Simulation {
  readonly #chance: () => number
  readonly #options: Omit<DispatcherOptions, 'topic' | 'concurrency'>
  #now = 0
  #generation = 0
  readonly #members: Member[]
  readonly #committed = new Map(partitions.map((partition) => [partition, 0]))
  /** `<partition>/<offset>` of every record that some function has answered for, or that was told as given up. */
  readonly #done = new Set<string>()

  constructor(chance: () => number) {
    this.#chance = chance
    const retriesMax = this.#pick([Infinity, 0, 2])
    this.#options = {
      limits: { recordsMax: 8, windowMs: this.#upTo(2) * 500, bytesMax: 60 },
      retry: { backoff: { min: 1_000, max: 30_000 }, retriesMax, bisects: this.#upTo(2) === 0 },
      recordAgeMsMax: this.#pick([Infinity, Infinity, 60_000]),
      epochMs: 1_000_000,
      reportBatchItemFailures: true,
      hasDestination: this.#upTo(2) === 0,
    }
    this.#members = [this.#create([...partitions]), this.#create([])]
  }

  step(): void {
    const member = this.#pick(this.#members)
    const actions = ['fetch', 'fetch', 'fetch', 'answer', 'answer', 'deliver', 'send', 'commit', 'wait', 'rebalance']
    const action = this.#pick([...actions, 'crash'])
    if (action === 'fetch') this.#fetch(member, this.#pick(partitions), 1 + this.#upTo(20))
    if (action === 'answer')
      this.#answer(member, this.#pick(['judge', 'judge', 'error', 'throttled', 'partial', 'malformed']))
    if (action === 'deliver') this.#deliver(member, this.#upTo(3) > 0)
    if (action === 'send') this.#send(member)
    if (action === 'commit') this.#commit(member, this.#upTo(4) > 0)
    if (action === 'wait') this.#now += this.#upTo(2_000)
    if (action === 'rebalance') this.#rebalance(this.#upTo(2) === 0)
    if (action === 'crash' && this.#upTo(3) === 0) this.#crash(member)
    for (const one of this.#members) this.#turn(one)
  }

  /** Lets everything succeed, and checks that then nothing is left. */
  finish(): void {
    for (let round = 0; round < 200; round += 1) {
      for (const member of this.#members) {
        for (const partition of partitions) this.#fetch(member, partition, 20)
        this.#now += 30_000
        this.#turn(member)
        while (member.running.length > 0) this.#answer(member, 'ok')
        while (member.delivering.length > 0) this.#deliver(member, true)
        this.#commit(member, true)
        this.#send(member)
      }
    }
    deepStrictEqual([...this.#committed.values()], [endOffset, endOffset, endOffset])
    for (const partition of partitions) this.#assertAllDone(endOffset, partition, 'the end is committed')
  }

  #create(assigned: number[]): Member {
    const slots = 1 + this.#upTo(3)
    const options = { ...this.#options, topic: 't', concurrency: () => slots }
    const dispatcher = new Dispatcher(options, (happening) => this.#told(happening))
    dispatcher.assign(assigned, false)
    const positions = new Map(assigned.map((partition) => [partition, this.#committed.get(partition) ?? 0]))
    return { dispatcher, assigned, positions, running: [], delivering: [], sent: null }
  }

  #fetch({ dispatcher, assigned, positions }: Member, partition: number, count: number): void {
    const position = positions.get(partition) ?? 0
    const isKnown = dispatcher.queue(partition)?.nextOffset != null
    // A fetch may be repeated: then it begins with records that have come before.
    const from = isKnown ? Math.max(0, position - this.#upTo(4)) : position
    const to = Math.min(endOffset, position + count)
    if (!assigned.includes(partition) || to === from) return
    const records: WaitingRecord[] = []
    for (let offset = from; offset < to; offset += 1) if (!isControl(offset)) records.push(this.#record(offset))
    positions.set(partition, to)
    dispatcher.arrive({ partition, fetchedOffset: from, nextOffset: to, records })
  }

  #record(offset: number): WaitingRecord {
    const timestamp = String(1_000_000 + (offset % 5) * 10_000)
    const fit = { offset, arrivedMs: this.#now, timestamp, json: '{}', unfit: null }
    return isTooLarge(offset) ? { ...fit, json: null, unfit: 'MaximumPayloadSizeExceeded' } : fit
  }

  #turn({ dispatcher, running, delivering }: Member): void {
    const { invoke, deliver } = dispatcher.turn(this.#now)
    for (const batch of invoke) {
      const busy = running.flatMap(({ current }) => current.slices.map(({ queue }) => queue.partition))
      assert(countOf(batch.current.slices) <= this.#options.limits.recordsMax, 'a batch is too large')
      for (const { queue, records } of batch.current.slices) {
        assert(!busy.includes(queue.partition), 'two invocations share a partition')
        assert(records.length > 0)
        const inOrder = records.every(({ offset }, index) => offset > (records[index - 1]?.offset ?? -1))
        assert(inOrder, 'a record twice, or out of order')
        this.#assertAllDone(records[0]?.offset ?? 0, queue.partition, 'a higher one is invoked')
      }
      running.push(batch)
    }
    delivering.push(...deliver)
  }

  #answer(member: Member, how: 'ok' | 'judge' | 'error' | 'throttled' | 'partial' | 'malformed'): void {
    const [batch] = member.running.splice(this.#upTo(member.running.length), 1)
    if (!batch) return
    const all = batch.current.slices.flatMap(({ queue, records }) => records.map(({ offset }) => ({ queue, offset })))
    const kind = how === 'judge' ? (all.some(({ offset }) => isPoison(offset)) ? 'error' : 'ok') : how
    const failed = kind === 'ok' ? [] : kind === 'partial' ? all.filter(() => this.#upTo(2) === 0) : all
    for (const one of all) if (!failed.includes(one)) this.#done.add(`${one.queue.partition}/${one.offset}`)
    const identifiers = failed.map(({ queue, offset }) => ({ itemIdentifier: { partition: queue.key, offset } }))
    const results: Record<typeof kind, InvokeResult> = {
      ok: { kind: 'ok', payload: 'null' },
      error: { kind: 'function-error', errorType: 'E', errorMessage: '' },
      throttled: { kind: 'throttled' },
      partial: { kind: 'ok', payload: JSON.stringify({ batchItemFailures: identifiers }) },
      malformed: { kind: 'ok', payload: '{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":-1}}]}' },
    }
    member.dispatcher.answer(batch, results[kind], this.#now)
  }

  #deliver({ dispatcher, delivering }: Member, succeeds: boolean): void {
    const [batch] = delivering.splice(this.#upTo(delivering.length), 1)
    if (batch) dispatcher.delivered(batch, succeeds ? { destination: 'd' } : { error: 'not now' }, this.#now)
  }

  #send(member: Member): void {
    if (member.sent) return
    const commits = member.dispatcher.commits.take()
    for (const { queue, offset } of commits) {
      assert(!queue.lost && member.assigned.includes(queue.partition), 'a commit for a partition of another member')
      this.#assertAllDone(offset, queue.partition, `${offset} is committed`)
    }
    if (commits.length > 0) member.sent = { commits, generation: this.#generation }
  }

  #commit(member: Member, succeeds: boolean): void {
    if (!member.sent) return
    const { commits, generation } = member.sent
    member.sent = null
    if (!succeeds || generation !== this.#generation) {
      member.dispatcher.commits.failed(commits, 'not now')
      return
    }
    for (const { queue, offset } of commits) {
      assert(offset >= (this.#committed.get(queue.partition) ?? 0), `${queue.key}: the commit went back to ${offset}`)
      this.#committed.set(queue.partition, offset)
    }
    member.dispatcher.commits.done(commits)
  }

  /** Every member joins again, under its old name or, after a session time-out, a new one. */
  #rebalance(sameMembers: boolean): void {
    this.#generation += 1
    const owners = partitions.map(() => this.#upTo(this.#members.length))
    for (const [index, member] of this.#members.entries()) {
      const assigned = partitions.filter((_, at) => owners[at] === index)
      const kept = member.dispatcher.assign(assigned, sameMembers)
      member.assigned = assigned
      for (const partition of assigned) member.positions.set(partition, this.#committed.get(partition) ?? 0)
      for (const { partition, nextOffset } of kept) if (nextOffset !== null) member.positions.set(partition, nextOffset)
    }
  }

  /** What it had done and not committed is done again by whoever gets its partitions. */
  #crash(member: Member): void {
    this.#members[this.#members.indexOf(member)] = this.#create([])
    this.#rebalance(true)
  }

  #told(happening: HappeningBody): void {
    assert(happening.type !== 'out-of-range', 'Kafka has lost nothing')
    if (happening.type !== 'dropped' && happening.type !== 'onFailure') return
    const condition = happening.type === 'dropped' ? happening.reason : happening.condition
    assert((happening.type === 'onFailure' || 'deliveryError' in happening) === this.#options.hasDestination)
    if (condition === 'RetryAttemptsExhausted') assert(this.#options.retry.retriesMax < Infinity)
    if (condition === 'RecordAgeExceeded') assert(this.#options.recordAgeMsMax < Infinity)
    for (const [key, offsets] of Object.entries(happening.records)) {
      for (const offset of offsets) {
        assert(isTooLarge(offset) === (condition === 'MaximumPayloadSizeExceeded'), `${key}: ${offset}: ${condition}`)
        this.#done.add(`${key.slice(2)}/${offset}`)
      }
    }
  }

  #assertAllDone(below: number, partition: number, what: string): void {
    for (let offset = 0; offset < below; offset += 1) {
      assert(
        isControl(offset) || this.#done.has(`${partition}/${offset}`),
        `t-${partition}: ${what}, not yet ${offset}`,
      )
    }
  }

  #upTo(limit: number): number {
    return limit === 0 ? 0 : this.#chance() % limit
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#upTo(choices.length)] as T
  }
}
