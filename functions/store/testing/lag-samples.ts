// What is kept of the sampled offsets.
import { expect, it } from 'vitest'
import type { LagSample } from '../store.ts'
import { group, startMs, topic } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function lagSamplesContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  const sample = (at: number, partition = 0): LagSample => ({
    group,
    topic,
    partition,
    at,
    logStartOffset: 0,
    endOffset: at % 1000,
    committedOffset: null,
  })

  it('gives the newest of every partition, and a group’s history by time', async () => {
    await at.store.writeLagSamples([sample(startMs), sample(startMs, 1)])
    await at.store.writeLagSamples([sample(startMs + 2_000), { ...sample(startMs + 2_000), group: 'other' }])
    expect(await at.store.latestLagSamples()).toEqual([
      sample(startMs + 2_000),
      sample(startMs, 1),
      { ...sample(startMs + 2_000), group: 'other' },
    ])
    expect(
      (await at.store.lagSamples({ group, sinceMs: startMs })).map((row) => [row.at - startMs, row.partition]),
    ).toEqual([
      [0, 0],
      [0, 1],
      [2_000, 0],
    ])
    expect(await at.store.accounts()).toEqual([])
  })

  it('keeps two hours of them and one a minute of 26, however long it runs', async () => {
    const hour = 60 * 60_000
    for (let from = startMs; from <= startMs + 28 * hour; from += hour) {
      await at.store.writeLagSamples(Array.from({ length: 180 }, (_, index) => sample(from + index * 20_000)))
    }
    const kept = await at.store.lagSamples({ group, sinceMs: 0 })
    const end = startMs + 29 * hour - 20_000
    expect(kept.filter((row) => row.at >= end - 2 * hour)).toHaveLength(2 * 60 * 3 + 1)
    expect(kept.filter((row) => row.at < end - 2 * hour)).toHaveLength(24 * 60)
  })

  it('forgets samples from the future when the clock was set back', async () => {
    await at.store.writeLagSamples([sample(startMs + 3_600_000)])
    await at.store.writeLagSamples([sample(startMs)])
    expect(await at.store.latestLagSamples()).toEqual([sample(startMs)])
  })
}
