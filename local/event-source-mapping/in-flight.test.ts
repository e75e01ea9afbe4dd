import { expect, it } from 'vitest'
import { Dispatcher } from './dispatch.ts'
import type { DispatcherOptions } from './dispatch-options.ts'
import type { Happening, HappeningBody } from './happening.ts'
import type { Batch } from './in-flight.ts'
import type { InvokeResult } from './invoke.ts'

const ok: InvokeResult = { kind: 'ok', payload: 'null' }
const error: InvokeResult = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' }
const unlimited = { backoff: { min: 1_000, max: 30_000 }, retriesMax: Infinity, bisects: false }

/** One partition with records 0 to `last`, all waiting; the clock stands at 0 and the epoch at `epochMs`. */
function create(last: number, options: Partial<DispatcherOptions> = {}) {
  const told: HappeningBody[] = []
  const dispatcher = new Dispatcher(
    {
      topic: 't',
      limits: { recordsMax: 100, windowMs: 0, bytesMax: 10_000 },
      concurrency: () => 5,
      retry: unlimited,
      recordAgeMsMax: Infinity,
      epochMs: 0,
      reportBatchItemFailures: true,
      hasDestination: false,
      ...options,
    },
    (happening) => told.push(happening),
  )
  dispatcher.assign([0], false)
  const offsets = Array.from({ length: last + 1 }, (_, offset) => offset)
  const records = offsets.map((offset) => {
    return { offset, arrivedMs: 0, timestamp: String(offset * 1_000), json: '{}', unfit: null }
  })
  dispatcher.arrive({ partition: 0, fetchedOffset: 0, nextOffset: last + 1, records })
  const of = <T extends Happening['type']>(type: T) =>
    told.filter((one): one is Extract<HappeningBody, { type: T }> => one.type === type)
  return { dispatcher, of, committed: () => dispatcher.commits.take()[0]?.offset }
}

const offsetsOf = (batch: Batch | undefined) =>
  batch?.current.slices.flatMap(({ records }) => records.map(({ offset }) => offset))

/** Answers every invocation until nothing is due within the next hour; returns which offsets were invoked, in turn. */
function run(dispatcher: Dispatcher, answer: (offsets: number[]) => InvokeResult): number[][] {
  const invoked: number[][] = []
  for (let now = 0; now < 3_600_000; ) {
    const { invoke, wakeAtMs } = dispatcher.turn(now)
    for (const batch of invoke) {
      const offsets = offsetsOf(batch) ?? []
      invoked.push(offsets)
      dispatcher.answer(batch, answer(offsets), now)
    }
    if (invoke.length > 0) continue
    if (wakeAtMs === null) break
    now = wakeAtMs
  }
  return invoked
}

it('cuts a failing batch in two until the poison record is alone, in order, and gives up that one only', () => {
  const { dispatcher, of, committed } = create(7, { retry: { ...unlimited, bisects: true, retriesMax: 1 } })
  const invoked = run(dispatcher, (offsets) => (offsets.includes(5) ? error : ok))
  expect(invoked).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [5], [6, 7]])
  expect(of('bisect').map(({ into }) => into)).toEqual([
    [{ 't-0': [0, 1, 2, 3] }, { 't-0': [4, 5, 6, 7] }],
    [{ 't-0': [4, 5] }, { 't-0': [6, 7] }],
    [{ 't-0': [4] }, { 't-0': [5] }],
  ])
  expect(of('dropped')).toMatchObject([{ records: { 't-0': [5] }, reason: 'RetryAttemptsExhausted' }])
  expect(committed()).toBe(8)
})

it('holds the commit at the half that is not done, while the other one is', () => {
  const { dispatcher, committed } = create(3, { retry: { ...unlimited, bisects: true } })
  dispatcher.answer(dispatcher.turn(0).invoke[0] as Batch, error, 0)
  dispatcher.answer(dispatcher.turn(1_000).invoke[0] as Batch, ok, 1_000)
  expect(committed()).toBe(2)
})

it('counts retries, not the first attempt, against the limit', () => {
  for (const retriesMax of [0, 1, 3]) {
    const { dispatcher, of, committed } = create(2, { retry: { ...unlimited, retriesMax } })
    expect(run(dispatcher, () => error)).toHaveLength(retriesMax + 1)
    expect(of('dropped')).toMatchObject([{ records: { 't-0': [0, 1, 2] }, reason: 'RetryAttemptsExhausted' }])
    expect(committed()).toBe(3)
  }
})

it('gives up of a partial answer what it names, and no throttle counts', () => {
  const { dispatcher, of } = create(4, { retry: { ...unlimited, retriesMax: 1 } })
  const identifiers = [1, 3].map((offset) => ({ itemIdentifier: { partition: 't-0', offset } }))
  const partial: InvokeResult = { kind: 'ok', payload: JSON.stringify({ batchItemFailures: identifiers }) }
  const answers = [partial, { kind: 'throttled' } as const, { kind: 'throttled' } as const, partial]
  expect(run(dispatcher, () => answers.shift() ?? ok)).toEqual([
    [0, 1, 2, 3, 4],
    [1, 3],
    [1, 3],
    [1, 3],
  ])
  expect(of('dropped')).toMatchObject([{ records: { 't-0': [1, 3] } }])
})

it('gives up records that are too old, also before their first attempt, and tries the others', () => {
  // Record n is of second n; it is second 62.
  const { dispatcher, of, committed } = create(4, { recordAgeMsMax: 60_000, epochMs: 62_000 })
  const [batch] = dispatcher.turn(0).invoke
  expect(offsetsOf(batch)).toEqual([2, 3, 4])
  expect(of('dropped')).toMatchObject([{ records: { 't-0': [0, 1] }, reason: 'RecordAgeExceeded' }])
  dispatcher.answer(batch as Batch, error, 0)
  expect(committed()).toBe(2)
  const [again] = dispatcher.turn(1_500).invoke
  expect(offsetsOf(again)).toEqual([4])
  expect(of('dropped')[1]).toMatchObject({ records: { 't-0': [2, 3] } })
})

it('lets the partition wait until the destination has what was given up', () => {
  const { dispatcher, of, committed } = create(1, { hasDestination: true, retry: { ...unlimited, retriesMax: 0 } })
  dispatcher.answer(dispatcher.turn(0).invoke[0] as Batch, error, 0)
  const { deliver, invoke } = dispatcher.turn(0)
  expect(deliver.map(offsetsOf)).toEqual([[0, 1]])
  expect(invoke).toEqual([])
  expect(committed()).toBeUndefined()
  dispatcher.delivered(deliver[0] as Batch, { destination: 'kafka://failures' }, 1)
  expect(of('onFailure')).toEqual([
    {
      type: 'onFailure',
      records: { 't-0': [0, 1] },
      condition: 'RetryAttemptsExhausted',
      destination: 'kafka://failures',
    },
  ])
  expect(committed()).toBe(2)
})

it('counts as dropped what the destination does not take, and goes on', () => {
  const { dispatcher, of, committed } = create(1, { hasDestination: true, retry: { ...unlimited, retriesMax: 0 } })
  dispatcher.answer(dispatcher.turn(0).invoke[0] as Batch, error, 0)
  dispatcher.delivered(dispatcher.turn(0).deliver[0] as Batch, { error: 'no such topic' }, 1)
  expect(of('dropped')).toMatchObject([{ records: { 't-0': [0, 1] }, deliveryError: 'no such topic' }])
  expect(committed()).toBe(2)
})
