// The cursor follows commit order: what a reader has passed over can no longer appear below its cursor.
import { expect, it } from 'vitest'
import { event, group, noise } from '../../functions/store/testing/fixtures.ts'
import { connectionAt, freshUrl, storeAt, waiting } from './database.ts'

it('shows a batch that was numbered first and commits last, to a reader who read in between', async () => {
  const url = freshUrl()
  const [a, b, reader] = [await storeAt(url), await storeAt(url), await storeAt(url)]
  const other = await connectionAt(url)
  await a.writeBatch({ group, outcomes: [event({ offset: 0 }, { event_id: 'before' })] })

  // A has its number, and is held up before it can commit.
  await other.query('BEGIN; LOCK TABLE event_minute')
  const writingA = a.writeBatch({ group, outcomes: [event({ offset: 1 }, { event_id: 'a' })] })
  await waiting(other, 1)
  const writingB = b.writeBatch({ group, outcomes: [event({ partition: 1, offset: 0 }, { event_id: 'b' })] })
  await waiting(other, 2)
  // Noise needs no number and no rollup: another group commits meanwhile, and nobody waits for the slow one.
  await b.writeBatch({ group: 'other', outcomes: [noise({ offset: 0 })] })
  const between = await reader.changesSince({ group, cursor: 0, limit: 10 })
  expect(between.events.map((row) => row.event_id)).toEqual(['before'])

  await other.query('COMMIT')
  await Promise.all([writingA, writingB])
  const after = await reader.changesSince({ group, cursor: between.head, limit: 10 })
  expect(after.events.map((row) => [row.seq, row.event_id])).toEqual([
    [2, 'a'],
    [3, 'b'],
  ])
  expect(after.skipped).toBe(0)
})

it('gives the number of a batch that failed to the next one', async () => {
  const url = freshUrl()
  const [a, b] = [await storeAt(url, { busyMsMax: 100 }), await storeAt(url)]
  const other = await connectionAt(url)
  await other.query('BEGIN; LOCK TABLE event_minute')
  await expect(a.writeBatch({ group, outcomes: [event({ offset: 0 }, { event_id: 'a' })] })).rejects.toMatchObject({
    code: 'STORE_BUSY',
    retriable: true,
  })
  await other.query('COMMIT')
  await b.writeBatch({ group, outcomes: [event({ offset: 0 }, { event_id: 'b' })] })
  expect((await b.events({ group, limit: 5 })).map((row) => [row.seq, row.event_id])).toEqual([[1, 'b']])
})

it('never shows a reader a gap while three writers commit as fast as they can', async () => {
  const url = freshUrl()
  const writers = [await storeAt(url), await storeAt(url), await storeAt(url)]
  const reader = await storeAt(url)
  const batches = 60
  const writing = Promise.all(
    writers.map(async (store, partition) => {
      for (let offset = 0; offset < batches * 5; offset += 5) {
        const outcomes = [0, 1, 2, 3, 4].map((n) =>
          event({ partition, offset: offset + n }, { event_id: `${partition}/${offset + n}` }),
        )
        await store.writeBatch({ group, outcomes })
      }
    }),
  )
  const total = writers.length * batches * 5
  const seen: number[] = []
  while (seen.length < total) {
    const { events } = await reader.changesSince({ group, cursor: seen.at(-1) ?? 0, limit: 10_000 })
    seen.push(...events.map((row) => row.seq))
  }
  await writing
  expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1))
})
