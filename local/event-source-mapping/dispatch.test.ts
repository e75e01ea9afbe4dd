import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Simulation } from './dispatch.simulation.ts'
import { Dispatcher } from './dispatch.ts'
import type { DispatcherOptions } from './dispatch-options.ts'
import type { HappeningBody } from './happening.ts'
import type { InvokeResult } from './invoke.ts'

const ok: InvokeResult = { kind: 'ok', payload: 'null' }
const error: InvokeResult = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' }
const failing = (partition: string, ...offsets: number[]): InvokeResult => ({
  kind: 'ok',
  payload: JSON.stringify({ batchItemFailures: offsets.map((offset) => ({ itemIdentifier: { partition, offset } })) }),
})

function create(options: Partial<DispatcherOptions> = {}) {
  const told: HappeningBody[] = []
  const limits = { recordsMax: 10, windowMs: 0, bytesMax: 10_000 }
  const dispatcher = new Dispatcher(
    {
      topic: 't',
      limits,
      concurrency: () => 5,
      retry: { backoff: { min: 1_000, max: 30_000 }, retriesMax: Infinity, bisects: false },
      recordAgeMsMax: Infinity,
      epochMs: 0,
      hasDestination: false,
      reportBatchItemFailures: true,
      ...options,
    },
    (happening) => told.push(happening),
  )
  dispatcher.assign([0, 1, 2], false)
  return { dispatcher, told }
}

const waiting = (offset: number) => ({ offset, arrivedMs: 0, timestamp: '0', json: '{}', unfit: null })

function arrive(dispatcher: Dispatcher, partition: number, from: number, to: number, nextOffset = to + 1): void {
  const offsets = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const records = offsets.map((offset) => waiting(offset))
  dispatcher.arrive({ partition, fetchedOffset: from, nextOffset, records })
}

const commitsOf = (dispatcher: Dispatcher) =>
  Object.fromEntries(dispatcher.commits.take().map(({ queue, offset }) => [queue.key, offset]))

describe('a batch that succeeds', () => {
  it('commits what it held, control records behind it included', () => {
    const { dispatcher } = create()
    arrive(dispatcher, 0, 5, 7, 9)
    const [batch] = dispatcher.turn(0).invoke
    expect(commitsOf(dispatcher)).toEqual({})
    dispatcher.answer(batch as never, ok, 1)
    expect(commitsOf(dispatcher)).toEqual({ 't-0': 9 })
    expect(commitsOf(dispatcher)).toEqual({})
  })

  it('commits up to the first record that still waits', () => {
    const { dispatcher } = create()
    arrive(dispatcher, 0, 0, 14)
    const [batch] = dispatcher.turn(0).invoke
    dispatcher.answer(batch as never, ok, 1)
    expect(commitsOf(dispatcher)).toEqual({ 't-0': 10 })
  })
})

it('commits behind control records that nothing follows', () => {
  const { dispatcher, told } = create()
  dispatcher.pass(0, 4, 6)
  expect(commitsOf(dispatcher)).toEqual({ 't-0': 6 })
  // Compaction has taken 6 to 9.
  dispatcher.pass(0, 10, 12)
  expect(commitsOf(dispatcher)).toEqual({ 't-0': 12 })
  expect(told.filter(({ type }) => type === 'out-of-range')).toEqual([])
})

it('asks again for a commit that failed', () => {
  const { dispatcher, told } = create()
  arrive(dispatcher, 0, 0, 2)
  dispatcher.answer(dispatcher.turn(0).invoke[0] as never, ok, 1)
  const commits = dispatcher.commits.take()
  dispatcher.commits.failed(commits, 'no coordinator')
  expect(told.at(-1)).toEqual({ type: 'commit-error', offsets: { 't-0': 3 }, error: 'no coordinator' })
  expect(commitsOf(dispatcher)).toEqual({ 't-0': 3 })
})

describe('a batch that fails', () => {
  it('is tried again whole after 1 s, 2 s, 4 s; its partition waits, the others go on', () => {
    const { dispatcher } = create()
    arrive(dispatcher, 0, 0, 2)
    let [batch] = dispatcher.turn(0).invoke
    let now = 0
    for (const delayMs of [1_000, 2_000, 4_000]) {
      dispatcher.answer(batch as never, error, now)
      arrive(dispatcher, 0, 3, 3)
      expect(dispatcher.turn(now + delayMs - 1)).toEqual({ invoke: [], deliver: [], wakeAtMs: now + delayMs })
      now += delayMs
      ;[batch] = dispatcher.turn(now).invoke
      expect(batch?.current.slices[0]?.records.map(({ offset }) => offset)).toEqual([0, 1, 2])
    }
    expect(batch?.current.attempt).toBe(4)
    arrive(dispatcher, 1, 0, 0)
    expect(dispatcher.turn(now).invoke).toHaveLength(1)
    expect(commitsOf(dispatcher)).toEqual({})
  })

  it('does not count a throttle as an attempt', () => {
    const { dispatcher, told } = create()
    arrive(dispatcher, 0, 0, 2)
    const [batch] = dispatcher.turn(0).invoke
    dispatcher.answer(batch as never, { kind: 'throttled', reason: 'no room' }, 0)
    expect(dispatcher.turn(1_000).invoke).toEqual([batch])
    expect(batch?.current.attempt).toBe(1)
    dispatcher.answer(batch as never, error, 1_000)
    dispatcher.turn(2_000)
    expect(batch?.current.attempt).toBe(2)
    const retries = told.filter(({ type }) => type === 'retry')
    expect(retries).toMatchObject([
      { attempt: 1, error: 'no room' },
      { attempt: 2, error: 'Error: no' },
    ])
  })
})

it('retries the records of a partial answer alone, holds the commit at the lowest, and lets done partitions go on', () => {
  const { dispatcher } = create()
  arrive(dispatcher, 0, 0, 4)
  arrive(dispatcher, 1, 0, 4)
  const [batch] = dispatcher.turn(0).invoke
  dispatcher.answer(batch as never, failing('t-0', 3, 1), 0)
  expect(commitsOf(dispatcher)).toEqual({ 't-0': 1, 't-1': 5 })
  arrive(dispatcher, 0, 5, 5)
  arrive(dispatcher, 1, 5, 5)
  const next = dispatcher.turn(1).invoke
  expect(next.map(({ current }) => current.slices.map(({ queue }) => queue.key))).toEqual([['t-1']])
  const [again] = dispatcher.turn(1_000).invoke
  expect(again?.current.slices[0]?.records.map(({ offset }) => offset)).toEqual([1, 3])
  dispatcher.answer(again as never, ok, 1_001)
  expect(commitsOf(dispatcher)).toEqual({ 't-0': 5 })
})

it('drops a record that fits into no invocation alone, says so, and commits behind it', () => {
  const { dispatcher, told } = create()
  const records = [waiting(0), { ...waiting(1), json: null, unfit: 'MaximumPayloadSizeExceeded' as const }, waiting(2)]
  dispatcher.arrive({ partition: 0, fetchedOffset: 0, nextOffset: 3, records })
  for (const expected of [0, 2]) {
    const [batch] = dispatcher.turn(0).invoke
    expect(batch?.current.slices[0]?.records.map(({ offset }) => offset)).toEqual([expected])
    dispatcher.answer(batch as never, ok, 0)
  }
  expect(told).toContainEqual(
    expect.objectContaining({ type: 'dropped', records: { 't-0': [1] }, reason: 'MaximumPayloadSizeExceeded' }),
  )
  expect(commitsOf(dispatcher)).toEqual({ 't-0': 3 })
})

it('invokes partitions beside each other, never more than allowed', () => {
  const { dispatcher } = create({ concurrency: () => 2 })
  for (const partition of [0, 1, 2]) arrive(dispatcher, partition, 0, 9)
  const [first, second, ...more] = dispatcher.turn(0).invoke
  expect(more).toEqual([])
  expect(first?.current.slices[0]?.queue.key).not.toBe(second?.current.slices[0]?.queue.key)
})

it('says whether a batch had to wait for a slot, or was throttled, since it was last asked', () => {
  const { dispatcher } = create({ concurrency: () => 1 })
  arrive(dispatcher, 0, 0, 9)
  const [first] = dispatcher.turn(0).invoke
  expect(dispatcher.takeLoad()).toEqual({ wasShort: false, wasThrottled: false })
  arrive(dispatcher, 1, 0, 9)
  dispatcher.turn(0)
  dispatcher.answer(first as never, { kind: 'throttled' }, 0)
  expect(dispatcher.takeLoad()).toEqual({ wasShort: true, wasThrottled: true })
  expect(dispatcher.takeLoad()).toEqual({ wasShort: false, wasThrottled: false })
})

describe('a rebalance', () => {
  it('lets a partition that stays go on where it was', () => {
    const { dispatcher } = create()
    arrive(dispatcher, 0, 0, 2)
    const [batch] = dispatcher.turn(0).invoke
    expect(dispatcher.assign([0, 1], true).map(({ nextOffset }) => nextOffset)).toEqual([3, null])
    dispatcher.answer(batch as never, ok, 1)
    expect(commitsOf(dispatcher)).toEqual({ 't-0': 3 })
  })

  it('commits nothing of a partition that was lost, whose records do not run twice at once when it comes back', () => {
    const { dispatcher } = create()
    arrive(dispatcher, 0, 0, 2)
    const [batch] = dispatcher.turn(0).invoke
    dispatcher.assign([1], true)
    dispatcher.assign([0, 1], true)
    arrive(dispatcher, 0, 0, 2)
    expect(dispatcher.turn(1).invoke).toEqual([])
    dispatcher.answer(batch as never, ok, 2)
    expect(commitsOf(dispatcher)).toEqual({})
    expect(dispatcher.turn(2).invoke).toHaveLength(1)
  })
})

describe('an offset out of range', () => {
  it('is told, and what retention took is passed over', () => {
    const { dispatcher, told } = create()
    arrive(dispatcher, 0, 0, 2)
    dispatcher.outOfRange(0)
    arrive(dispatcher, 0, 100, 101)
    expect(told).toContainEqual({ type: 'out-of-range', partition: 't-0', from: 3, to: 100 })
    const [batch] = dispatcher.turn(0).invoke
    dispatcher.answer(batch as never, ok, 0)
    expect(commitsOf(dispatcher)).toEqual({ 't-0': 102 })
  })

  it('forgets a topic that was made anew', () => {
    const { dispatcher } = create()
    arrive(dispatcher, 0, 500, 502)
    const [old] = dispatcher.turn(0).invoke
    dispatcher.outOfRange(0)
    arrive(dispatcher, 0, 0, 1)
    dispatcher.answer(old as never, ok, 0)
    expect(commitsOf(dispatcher)).toEqual({})
    const [fresh] = dispatcher.turn(0).invoke
    expect(fresh?.current.slices[0]?.records.map(({ offset }) => offset)).toEqual([0, 1])
  })
})

it('skips nothing, keeps order, and never commits past an unresolved record, whatever fails and whoever else reads', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), fc.integer({ min: 20, max: 200 }), (chances, steps) => {
      const simulation = new Simulation(() => chances.next().value)
      for (let step = 0; step < steps; step += 1) simulation.step()
      simulation.finish()
    }),
    { numRuns: 300 },
  )
})
