// Holes in the account are explained by what Kafka holds there, and a record that was skipped never is.
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RangeRecord } from '../kafka/read-range.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { group, noise, topic } from '../store/testing/fixtures.ts'
import { explainHole, explainHoles } from './explain.ts'

const hole = { group, topic, partition: 0, epoch: 1, from: 10, to: 20 }
const record = (offset: number, kind: RangeRecord['kind']) => ({ offset, kind })
const reasons = (facts: Partial<Parameters<typeof explainHole>[1]>) =>
  explainHole(hole, { logStartOffset: 0, endOffset: 100, records: [], readTo: 100, ...facts }).map(
    ({ from, to, reason }) => `${from}-${to} ${reason}`,
  )

it('names control records, aborted ones and what compaction left out, and leaves records unseen', () => {
  const records = [
    record(10, 'aborted'),
    record(11, 'aborted'),
    record(12, 'control'),
    record(15, 'record'),
    record(25, 'record'),
  ]
  expect(reasons({ records })).toEqual(['10-12 aborted', '12-13 control', '13-15 compacted', '16-20 compacted'])
})

it('names what retention took, and what a topic made anew never had', () => {
  expect(reasons({ logStartOffset: 50 })).toEqual(['10-20 retention'])
  expect(reasons({ logStartOffset: 12, endOffset: 15, readTo: 12 })).toEqual(['10-12 retention', '15-20 reset'])
})

it('says nothing of what was not read yet', () => {
  expect(reasons({ records: [record(10, 'control')], readTo: 11 })).toEqual(['10-11 control'])
})

let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:')
})
afterEach(() => store.close())

it('reads around all holes below the committed offset at once, and again only where nothing explained them', async () => {
  await store.writeBatch({ group, outcomes: [0, 1, 3, 6].map((offset) => noise({ offset })) })
  const read: string[] = []
  const reader = {
    async read({ from, to }: { from: number; to: number }) {
      read.push(`${from}-${to}`)
      const kinds = ['record', 'record', 'control', 'record', 'control', 'record', 'record'] as const
      return { records: kinds.map((kind, offset) => record(offset, kind)), readTo: to }
    },
  }
  const sample = { group, topic, partition: 0, at: 0, logStartOffset: 0, endOffset: 9, committedOffset: 7 }
  expect(await explainHoles([sample], store, reader)).toBe(2)
  expect(await explainHoles([sample], store, reader)).toBe(0)
  expect(read).toEqual(['2-6', '5-6'])
  expect(await store.explanations()).toEqual([
    { group, topic, partition: 0, epoch: 1, from: 2, to: 3, reason: 'control' },
    { group, topic, partition: 0, epoch: 1, from: 4, to: 5, reason: 'control' },
  ])
})
