// What a mapping does on any Kafka, with scripted functions: the same on the embedded broker and on Apache Kafka.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { failureContract } from './failure.contract.ts'
import type { Invoke } from './mapping.ts'
import { positionContract } from './position.contract.ts'
import { numbers, type Scripted, valuesIn } from './testing/scripted.ts'

const ok = { kind: 'ok', payload: 'null' } as const
const failed = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } as const

/** Registers the tests; `on` is what `scripted` answered for the Kafka in question. */
export function mappingContract(on: Scripted): void {
  failureContract(on)
  positionContract(on)

  it('brings every record to the function, in order within its partition, and commits behind the last', async () => {
    const seen: Record<number, string[]> = { 0: [], 1: [], 2: [] }
    const { mapping } = await on.start(async (event) => {
      for (const { partition, value } of valuesIn(event)) seen[partition]?.push(value)
      return ok
    })
    await Promise.all([0, 1, 2].map((partition) => on.produce(partition, numbers(1, 1_000))))
    await on.until(async () => (await on.committed()).join() === '1000,1000,1000')
    expect(seen).toEqual({ 0: numbers(1, 1_000), 1: numbers(1, 1_000), 2: numbers(1, 1_000) })
    expect(mapping.state().partitions).toMatchObject([
      {
        topic: on.topic,
        partition: 0,
        buffered: 0,
        inFlight: 0,
        attempt: 0,
        committedOffset: 1_000,
        nextOffset: 1_000,
      },
      { partition: 1 },
      { partition: 2 },
    ])
  })

  it('loses nothing and keeps order when the function fails now and then', async () => {
    const handled: string[] = []
    let calls = 0
    await on.start(
      async (event) => {
        calls += 1
        if (calls % 3 !== 0) return failed
        for (const { value } of valuesIn(event)) handled.push(value)
        return ok
      },
      { BatchSize: 20 },
    )
    await on.produce(0, numbers(1, 200))
    await on.until(async () => (await on.committed())[0] === 200)
    expect(handled).toEqual(numbers(1, 200))
  })

  it('commits nothing before the function has succeeded, and delivers again to the next mapping', async () => {
    await on.produce(0, numbers(1, 5))
    const { happenings, mapping } = await on.start(async () => failed)
    await on.until(() => happenings.filter(({ type }) => type === 'retry').length > 2)
    expect(await on.committed()).toEqual([-1, -1, -1])
    await on.stop(mapping)
    const seen: string[] = []
    await on.start(async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    })
    await on.until(async () => (await on.committed())[0] === 5)
    expect(seen).toEqual(numbers(1, 5))
  })

  it('waits for its window, and not longer', async () => {
    const { happenings } = await on.start(async () => ok, { MaximumBatchingWindowInSeconds: 1 })
    await on.until(() => happenings.some(({ type }) => type === 'assigned'))
    await Promise.all([on.produce(0, ['first']), on.produce(1, ['second'])])
    await on.until(() => happenings.some(({ type }) => type === 'invoke'))
    const invoked = happenings.filter(({ type }) => type === 'invoke')
    expect(invoked).toMatchObject([{ records: { [`${on.topic}-0`]: [0], [`${on.topic}-1`]: [0] }, count: 2 }])
  })

  it('shares a topic with another mapping of its group, and hands over without loss', async () => {
    const seen = new Set<string>()
    const invoke: Invoke = async (event) => {
      await sleep(2)
      for (const { partition, value } of valuesIn(event)) seen.add(`${partition}/${value}`)
      return ok
    }
    const first = await on.start(invoke, { BatchSize: 10 })
    await on.until(() => first.mapping.state().partitions.length === 3)
    const sent = Promise.all([0, 1, 2].map((partition) => on.produce(partition, numbers(1, 600))))
    const second = await on.start(invoke, { BatchSize: 10 })
    await on.until(() => first.mapping.state().partitions.length + second.mapping.state().partitions.length === 3)
    await sent
    await on.stop(first.mapping)
    await on.until(() => second.mapping.state().partitions.length === 3)
    await Promise.all([0, 1, 2].map((partition) => on.produce(partition, numbers(601, 700))))
    await on.until(async () => (await on.committed()).join() === '700,700,700')
    expect(seen.size).toBe(2_100)
  })

  it('finishes the running batch when it is stopped, commits it, and starts no other', async () => {
    let calls = 0
    const { mapping, happenings } = await on.start(
      async () => {
        calls += 1
        await sleep(100)
        return ok
      },
      { BatchSize: 5 },
    )
    await on.produce(0, numbers(1, 50))
    await on.until(() => happenings.some(({ type }) => type === 'invoke'))
    await on.stop(mapping)
    expect(calls).toBe(1)
    expect((await on.committed())[0]).toBe(5)
  })

  it('invokes with what a filter lets through alone, and commits the rest with it, or without any invocation', async () => {
    const seen: string[] = []
    const filters = { FilterCriteria: { Filters: [{ Pattern: '{"value":{"n":[{"numeric":["<",3]}]}}' }] } }
    const { mapping, happenings } = await on.start(async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    }, filters)
    await on.produce(
      0,
      [1, 9, 2, 9].map((n) => JSON.stringify({ n })),
    )
    await on.produce(1, ['{"n":7}', '{"n":8}'])
    await on.until(async () => (await on.committed()).join() === '4,2,-1')
    expect(seen).toEqual(['{"n":1}', '{"n":2}'])
    expect(happenings).toContainEqual(
      expect.objectContaining({ type: 'filtered', records: { [`${on.topic}-1`]: [0, 1] } }),
    )
    expect(mapping.state().metrics).toMatchObject({
      PolledEventCount: 6,
      FilteredOutEventCount: 4,
      InvokedEventCount: 2,
    })
  })
}
