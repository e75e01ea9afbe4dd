// What every adapter of the store must do; each runs this suite on a fresh store of its own.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deadLetter, event, group, noise, record, startMs, topic } from './store.fixtures.ts'
import { batchesOf, history } from './store.histories.ts'
import { StoreModel } from './store.model.ts'
import type { LagSample, Outcome, Store } from './store.ts'

export interface StoreUnderTest {
  store: Store
  /** Changes the tables behind the store's back. */
  tamper(sql: string): Promise<void>
  close(): Promise<void>
}

export function storeContract(open: (options: { clock: () => number }) => Promise<StoreUnderTest>): void {
  let now = startMs
  let opened: StoreUnderTest
  let store: Store
  const write = (...outcomes: Outcome[]) => store.writeBatch({ group, outcomes })
  const account = async () => (await store.accounts())[0]

  beforeEach(async () => {
    now = startMs
    opened = await open({ clock: () => now })
    store = opened.store
  })
  afterEach(() => opened.close())

  describe('writing a batch', () => {
    it('stores each event once, whatever is delivered again', async () => {
      const batch = [event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'b' })]
      expect(await write(...batch)).toMatchObject({ stored: 2, redelivered: 0 })
      expect(await write(...batch)).toMatchObject({ stored: 0, redelivered: 2 })
      expect(await write(event({ offset: 2 }, { event_id: 'a' }))).toMatchObject({ stored: 0, duplicates: 1 })
      expect(await store.totals(group)).toEqual({ events: 2, deadLetters: 0 })
      expect(await account()).toMatchObject({ startOffset: 0, nextOffset: 3, stored: 2, duplicates: 1, redelivered: 2 })
    })

    it('puts the same id with other content aside, within a batch and later, and names the id', async () => {
      await write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'a', amount: 99 }))
      await write(event({ offset: 2 }, { event_id: 'a', amount: 77 }))
      const conflicts = await store.deadLetters({ group, limit: 10 })
      expect(conflicts.map((row) => [row.offset, row.code])).toEqual([
        [2, 'ID_CONFLICT'],
        [1, 'ID_CONFLICT'],
      ])
      expect(conflicts[0]?.reason).toContain('event_id a ')
      expect(await write(event({ offset: 2 }, { event_id: 'a', amount: 77 }))).toMatchObject({ redelivered: 1 })
    })

    it('compares ids exactly: case, form and kind of text count', async () => {
      const ids = [
        '0b9a7f3e-8a47-4a0f-9c3c-0d0b6a1f2e11',
        '0B9A7F3E-8A47-4A0F-9C3C-0D0B6A1F2E11',
        'é',
        'e\u0301',
        '1',
        '01',
      ]
      expect(await write(...ids.map((id, offset) => event({ offset }, { event_id: id })))).toMatchObject({ stored: 6 })
      expect((await store.events({ group, after: 0, limit: 10 })).map((row) => row.event_id)).toEqual(ids)
    })

    it('keeps a dead letter one, told apart by place, timestamp and bytes, with an empty value not a tombstone', async () => {
      expect(await write(deadLetter({ offset: 0 }, null))).toMatchObject({ deadLetters: 1 })
      expect(await write(deadLetter({ offset: 0 }, null))).toMatchObject({ redelivered: 1 })
      expect(await write(deadLetter({ offset: 0 }, ''))).toMatchObject({ deadLetters: 1 })
      expect(await write(deadLetter({ offset: 0, timestamp: 1 }, ''))).toMatchObject({ deadLetters: 1 })
      expect((await store.deadLetters({ group, after: 0, limit: 9 })).map((row) => row.value?.length ?? null)).toEqual([
        null,
        0,
        0,
      ])
    })

    it('keeps a record aside that would be an event by now, and leaves its id free', async () => {
      const early = event({ offset: 0 }, { event_id: 'a' })
      await write({ kind: 'dead-letter', record: early.record, code: 'FUTURE_TIMESTAMP', reason: 'too early' })
      expect(await write(early)).toMatchObject({ redelivered: 1 })
      expect(await write(event({ offset: 1 }, { event_id: 'a' }))).toMatchObject({ stored: 1 })
    })

    it('gives every row of an event back as it came', async () => {
      const fields = { event_id: 'a', amount: 0.1, product_id: 7, region: null, extra: { läden: [1, { a: null }] } }
      now = startMs + 5
      await write(event({ offset: 3, partition: 2, timestamp: startMs - 1 }, fields))
      expect(await store.events({ group, limit: 1 })).toEqual([
        {
          ...fields,
          seq: 1,
          event_type: 'purchase',
          user_id: 5000,
          timestamp: new Date(startMs).toISOString(),
          processed_at: new Date(startMs + 5).toISOString(),
          amount_bucket: 'low',
          is_revenue_event: true,
          topic,
          partition: 2,
          offset: 3,
          record_ms: startMs - 1,
        },
      ])
      expect(await store.newestEvent(group)).toEqual({ recordMs: startMs - 1, arrivedMs: startMs + 5 })
    })

    it('keeps groups apart: ids, rows, cursors and accounts', async () => {
      await write(event({ offset: 0 }, { event_id: 'a' }))
      const other = await store.writeBatch({ group: 'other', outcomes: [event({ offset: 0 }, { event_id: 'a' })] })
      expect(other).toMatchObject({ stored: 1 })
      expect([await store.head(group), await store.head('other'), await store.head('unknown')]).toEqual([1, 1, 0])
      expect((await store.accounts()).map((row) => row.group)).toEqual([group, 'other'])
    })

    it('takes an empty batch', async () => {
      expect(await write()).toEqual({ stored: 0, duplicates: 0, noise: 0, deadLetters: 0, redelivered: 0 })
      expect(await store.accounts()).toEqual([])
    })
  })

  describe('the account', () => {
    it('keeps ranges above a hole, and closes them up when it fills', async () => {
      const records = [0, 1, 2, 3, 4, 5, 6].map((offset) => noise({ offset }))
      await write(...records.filter((_, offset) => offset !== 2 && offset !== 5))
      expect(await account()).toMatchObject({
        nextOffset: 2,
        rangesAbove: [
          [3, 5],
          [6, 7],
        ],
      })
      await write(...records.slice(4))
      expect(await account()).toMatchObject({ nextOffset: 2, rangesAbove: [[3, 7]], noise: 6, redelivered: 2 })
      await write(...records)
      expect(await account()).toMatchObject({ nextOffset: 7, rangesAbove: [], noise: 7, redelivered: 8 })
    })

    it('moves its start down when a replay begins below it', async () => {
      await write(noise({ offset: 100 }))
      await write(noise({ offset: 50 }))
      expect(await account()).toMatchObject({ startOffset: 50, nextOffset: 51, rangesAbove: [[100, 101]] })
    })

    it('stores an unknown event at an accounted offset, and opens a new epoch that later batches belong to', async () => {
      await write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'b' }))
      expect(
        await write(event({ offset: 0 }, { event_id: 'c' }), event({ offset: 1 }, { event_id: 'a' })),
      ).toMatchObject({
        stored: 1,
        duplicates: 1,
      })
      expect(await store.accounts()).toMatchObject([
        { epoch: 2, startOffset: 0, nextOffset: 2, stored: 1, duplicates: 1 },
      ])
      expect(await store.accounts({ former: true })).toMatchObject([{ epoch: 1, nextOffset: 2, stored: 2 }])
    })

    it('agrees with the plain model after any history of deliveries', async () => {
      await fc.assert(
        fc.asyncProperty(history, async (past) => {
          const fresh = await open({ clock: () => now })
          const model = new StoreModel()
          try {
            for (const outcomes of batchesOf(past)) {
              expect(await fresh.store.writeBatch({ group, outcomes })).toEqual(model.write({ group, outcomes }))
            }
            await expectAgreement(fresh.store, model)
          } finally {
            await fresh.close()
          }
        }),
        { numRuns: 150 },
      )
    })
  })

  describe('lists and cursors', () => {
    beforeEach(async () => {
      for (let offset = 0; offset < 6; offset += 2) {
        await write(event({ offset }, { event_id: `e${offset}` }), deadLetter({ offset: offset + 1 }, 'x'))
      }
    })

    it('pages the newest first, forwards after a cursor and backwards before one', async () => {
      const seqs = async (query: { after?: number; before?: number }) =>
        (await store.events({ group, limit: 2, ...query })).map((row) => row.seq)
      expect([await seqs({}), await seqs({ after: 1 }), await seqs({ before: 5 }), await seqs({ after: 5 })]).toEqual([
        [5, 3],
        [3, 5],
        [3, 1],
        [],
      ])
      expect((await store.deadLetters({ group, limit: 2, before: 6 })).map((row) => row.seq)).toEqual([4, 2])
    })

    it('tells what came after a cursor: the newest rows ascending, the rest as a number', async () => {
      const change = await store.changesSince({ group, cursor: 1, limit: 1 })
      expect([change.events.map((row) => row.seq), change.deadLetters.map((row) => row.seq)]).toEqual([[5], [6]])
      expect([change.head, change.skipped]).toEqual([6, 3])
      expect(await store.changesSince({ group, cursor: 6, limit: 5 })).toEqual({
        head: 6,
        events: [],
        deadLetters: [],
        skipped: 0,
      })
    })

    it('ends a page of dead letters early where they hold megabytes, and goes on from there', async () => {
      const big = 'x'.repeat(3 * 1024 * 1024)
      await write(...[6, 7, 8].map((offset) => deadLetter({ offset }, big)))
      const page = await store.deadLetters({ group, after: 6, limit: 10 })
      expect(page.map((row) => row.seq)).toEqual([7, 8])
      expect((await store.deadLetters({ group, after: 8, limit: 10 })).map((row) => row.seq)).toEqual([9])
    })

    it('never gives a number twice, even when its row is gone', async () => {
      await opened.tamper('DELETE FROM event; DELETE FROM dead_letter')
      await write(event({ offset: 6 }, { event_id: 'new' }))
      expect((await store.events({ group, limit: 5 })).map((row) => row.seq)).toEqual([7])
      expect(await store.changesSince({ group, cursor: 0, limit: 5 })).toMatchObject({ head: 7, skipped: 6 })
    })
  })

  it('counts arrivals by the second of the store, silent seconds left out', async () => {
    const second = startMs / 1000
    await write(event({ offset: 0 }, { event_id: 'a' }), deadLetter({ offset: 1 }, 'x'), noise({ offset: 2 }))
    now += 999
    await write(event({ offset: 3 }, { event_id: 'b' }), event({ offset: 4 }, { event_id: 'a' }))
    now += 2_001
    await write(event({ offset: 5 }, { event_id: 'c' }))
    expect(await store.arrivals({ group, fromSecond: second, toSecond: second + 10 })).toEqual([
      { second, events: 2, deadLetters: 1 },
      { second: second + 3, events: 1, deadLetters: 0 },
    ])
    expect(await store.arrivals({ group, fromSecond: second + 1, toSecond: second + 3 })).toEqual([])
  })

  describe('lag samples', () => {
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
      await store.writeLagSamples([sample(startMs), sample(startMs, 1)])
      await store.writeLagSamples([sample(startMs + 2_000), { ...sample(startMs + 2_000), group: 'other' }])
      expect(await store.latestLagSamples()).toEqual([
        sample(startMs + 2_000),
        sample(startMs, 1),
        { ...sample(startMs + 2_000), group: 'other' },
      ])
      expect(
        (await store.lagSamples({ group, sinceMs: startMs })).map((row) => [row.at - startMs, row.partition]),
      ).toEqual([
        [0, 0],
        [0, 1],
        [2_000, 0],
      ])
      expect(await store.accounts()).toEqual([])
    })

    it('keeps two hours of them and one a minute of a day, however long it runs', async () => {
      const hour = 60 * 60_000
      for (let at = startMs; at <= startMs + 26 * hour; at += 20_000) await store.writeLagSamples([sample(at)])
      const kept = await store.lagSamples({ group, sinceMs: 0 })
      const end = startMs + 26 * hour
      expect(kept.filter((row) => row.at >= end - 2 * hour)).toHaveLength(2 * 60 * 3 + 1)
      expect(kept.filter((row) => row.at < end - 2 * hour)).toHaveLength(22 * 60)
    })

    it('forgets samples from the future when the clock was set back', async () => {
      await store.writeLagSamples([sample(startMs + 3_600_000)])
      await store.writeLagSamples([sample(startMs)])
      expect(await store.latestLagSamples()).toEqual([sample(startMs)])
    })
  })

  describe('the sweep', () => {
    const wholeSweep = async () => {
      await store.sweep({ budgetMs: 60_000 })
      return (await store.lastSweep()).complaints
    }
    beforeEach(() =>
      write(
        event({ offset: 0 }, { event_id: 'a' }),
        event({ offset: 1 }, { event_id: 'b' }),
        deadLetter({ offset: 2 }, 'x'),
      ),
    )

    it('has nothing to say before its first pass, and nothing to complain about when all adds up', async () => {
      expect(await store.lastSweep()).toEqual({ finishedAt: null, complaints: [] })
      expect(await wholeSweep()).toEqual([])
      expect((await store.lastSweep()).finishedAt).toBe(startMs)
    })

    it.each([
      [
        'an event is gone',
        'DELETE FROM event WHERE seq = 1',
        'partition 0: the account says 2 events were stored, but 1 are there',
      ],
      [
        'a dead letter is gone',
        'DELETE FROM dead_letter',
        'the account says 1 dead letters were stored, but 0 are there',
      ],
      [
        'a counter was changed',
        'UPDATE account SET stored = stored - 1, noise = noise + 1',
        'the account says 1 events were stored, but 2 are there',
      ],
      [
        'an offset is counted nowhere',
        'UPDATE account SET duplicates = 5',
        'add up to 8 records, but 3 offsets are accounted',
      ],
    ])('complains when %s', async (_, sql, complaint) => {
      await opened.tamper(sql)
      expect((await wholeSweep()).join()).toContain(complaint)
    })

    it('goes on where it stopped, page by page, while writing goes on', async () => {
      const many = Array.from({ length: 5_000 }, (_, index) => event({ offset: 3 + index }, { event_id: `m${index}` }))
      await write(...many)
      let calls = 0
      while ((await store.lastSweep()).finishedAt === null) {
        await store.sweep({ budgetMs: 0 })
        await write(event({ offset: 10_000 + calls }, { event_id: `during ${calls}` }))
        calls++
      }
      expect(calls).toBeGreaterThan(3)
      expect((await store.lastSweep()).complaints).toEqual([])
    })
  })

  it('tells a listener soon of a commit, and no longer once it stopped', async () => {
    let calls = 0
    const stop = await new Promise<() => void>((resolve) => {
      const stopListening = store.onCommit(() => {
        calls++
        resolve(stopListening)
      })
      write(noise({ offset: 0 }))
    })
    stop()
    const before = calls
    await write(noise({ offset: 1 }))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(calls).toBe(before)
  })

  it('keeps what a caller’s buffer held at the time, not what it becomes', async () => {
    const value = Buffer.from('abc')
    await write({ kind: 'dead-letter', record: { ...record({ offset: 0 }), value }, code: 'NOT_JSON', reason: 'x' })
    value.fill(0)
    expect((await store.deadLetters({ group, limit: 1 }))[0]?.value).toEqual(Buffer.from('abc'))
  })
}

async function expectAgreement(store: Store, model: StoreModel): Promise<void> {
  for (const former of [false, true]) {
    const accounts = await store.accounts({ former })
    expect(accounts).toEqual(model.accounts(former))
    for (const { startOffset, nextOffset, rangesAbove, stored, duplicates, noise, deadLetters } of accounts) {
      const accounted = rangesAbove.reduce((sum, [from, to]) => sum + to - from, nextOffset - startOffset)
      expect(stored + duplicates + noise + deadLetters).toBe(accounted)
    }
  }
  const change = await store.changesSince({ group, cursor: 0, limit: 1000 })
  const rows = [
    ...change.events.map((row) => ({ seq: row.seq, name: row.event_id })),
    ...change.deadLetters.map((row) => ({ seq: row.seq, name: `${row.code} ${row.partition}/${row.offset}` })),
  ]
  expect(rows.sort((a, b) => a.seq - b.seq)).toEqual(model.rows.map((name, index) => ({ seq: index + 1, name })))
  await store.sweep({ budgetMs: 60_000 })
  expect((await store.lastSweep()).complaints).toEqual([])
}
