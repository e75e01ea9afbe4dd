import { afterEach, beforeEach, expect, test } from 'vitest'
import { PipelineError } from '../errors.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { sampleLag } from './sample.ts'

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:', { clock: () => nowMs })
})
afterEach(() => store.close())

const nowMs = Date.UTC(2026, 10, 23)
const retention = { eventMsMax: 1_000, deadLetterMsMax: 1_000, bytesMax: null }
/** Nothing is missing here, so nothing is read. */
const ranges = { read: () => Promise.reject(new Error('expected no hole')) }
const target = { group: 'g', topic: 't' }
const offsets = { partition: 0, logStartOffset: 1, endOffset: 9, committedOffset: 4 }

test('keeps the offsets of every watched group as of now', async () => {
  const targets = [target, { group: 'other', topic: 't' }]
  const answer = await sampleLag({
    targets,
    offsets: { read: async () => [offsets] },
    store,
    ranges,
    retention,
    now: () => nowMs,
  })
  expect(answer).toEqual({ samples: 2 })
  expect(await store.latestLagSamples()).toEqual([
    { group: 'g', topic: 't', at: nowMs, ...offsets },
    { group: 'other', topic: 't', at: nowMs, ...offsets },
  ])
})

test('goes on comparing the account with the rows while no broker answers, and says that none does', async () => {
  const read = () => Promise.reject(new PipelineError('KAFKA_UNAVAILABLE', 'away'))
  const parts = { targets: [target], offsets: { read }, store, ranges, retention, now: () => nowMs }
  await expect(sampleLag(parts)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
  expect((await store.lastSweep()).finishedAt).not.toBeNull()
  expect(await store.latestLagSamples()).toEqual([])
})
