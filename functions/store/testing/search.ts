// What searching promises: exactly the rows that fit, over no more rows than asked, and how far it came.
import fc from 'fast-check'
import { beforeEach, expect, it } from 'vitest'
import type { EventFilter } from '../search.ts'
import { deadLetter, event, group, noise, startMs } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

const types = ['purchase', 'view', 'cart_add', 'checkout'] as const
const regions = ['AU-NSW', 'AU-VIC', null]
const second = 1000

export function searchContract(open: OpenStore): void {
  const at = storeForEachTest(open)
  const seqs = (found: { rows: { seq: number }[] }) => found.rows.map(({ seq }) => seq)
  const events = (
    filter: EventFilter,
    more: { after?: number; before?: number; limit?: number; rowsMax?: number } = {},
  ) => at.store.search.events({ group, filter, limit: 100, rowsMax: 1000, ...more })
  const deadLetters = (filter: object, more: object = {}) =>
    at.store.search.deadLetters({ group, filter, limit: 100, rowsMax: 1000, ...more })

  /** 24 events, and after every eighth a dead letter: seqs 9, 18 and 27. A second passes before each row. */
  beforeEach(async () => {
    for (let index = 0; index < 24; index++) {
      at.now += second
      const fields = {
        event_type: types[index % 4] as (typeof types)[number],
        region: regions[index % 3] as string | null,
        user_id: 5000 + (index % 5),
        amount: index * 10,
      }
      await at.write(event({ offset: index * 2 }, { event_id: `e${index}`, ...fields }))
      if (index % 8 < 7) continue
      at.now += second
      const code = index === 7 ? 'NOT_JSON' : 'EMPTY'
      await at.write({
        ...deadLetter({ offset: index * 2 + 1 }, 'x', code),
        reason: `Expected 100% of ${index}`,
      } as never)
    }
  })

  it('finds by each field, and by all of them together', async () => {
    expect(seqs(await events({ eventType: 'view' }))).toEqual([24, 20, 15, 11, 6, 2])
    expect(seqs(await events({ region: 'AU-VIC' })).length).toBe(8)
    expect(seqs(await events({ region: null })).length).toBe(8)
    expect(seqs(await events({ userId: 5004 }))).toEqual([22, 16, 11, 5])
    expect(seqs(await events({ amountMin: 210, amountMax: 220 }))).toEqual([25, 24])
    expect(seqs(await events({ eventType: 'view', userId: 5004, amountMax: 100 }))).toEqual([11])
    expect(seqs(await events({ eventType: 'nothing' }))).toEqual([])
    expect((await events({ userId: 5000 })).rows[0]).toMatchObject({ event_id: 'e20', amount: 200, region: null })
  })

  it('finds by the moment of arrival, the end excluded', async () => {
    const fromMs = startMs + 3 * second
    expect(seqs(await events({ fromMs, toMs: fromMs + 2 * second }))).toEqual([4, 3])
    expect(seqs(await deadLetters({ fromMs: startMs + 10 * second }))).toEqual([27, 18])
  })

  it('finds dead letters by code, by state and by words of their reason, whatever their capitals', async () => {
    expect(seqs(await deadLetters({ code: 'EMPTY' }))).toEqual([27, 18])
    expect(seqs(await deadLetters({ text: 'expected 100% of 1' }))).toEqual([18])
    expect(seqs(await deadLetters({ text: '100_' }))).toEqual([])
    expect(seqs(await deadLetters({ state: 'open' }))).toEqual([27, 18, 9])
    expect(seqs(await deadLetters({ state: 'discarded' }))).toEqual([])
    const { rows } = await deadLetters({ code: 'NOT_JSON' })
    expect(Buffer.from(rows[0]?.value ?? []).toString()).toBe('x')
  })

  it('looks at no more rows than asked, and says where it stopped', async () => {
    const first = await events({ userId: 5000 }, { rowsMax: 4 })
    expect([seqs(first), first.reached]).toEqual([[23], { seq: 23, arrivedMs: startMs + 23 * second }])
    const second_ = await events({ userId: 5000 }, { before: 23, rowsMax: 4 })
    expect([seqs(second_), second_.reached?.seq]).toEqual([[], 19])
    const up = await events({ userId: 5000 }, { after: 0, rowsMax: 3 })
    expect([seqs(up), up.reached?.seq]).toEqual([[1], 3])
    expect((await events({ userId: 5000 }, { before: 4, rowsMax: 4 })).reached).toBeNull()
  })

  it('stops with the last row that was wanted', async () => {
    const found = await events({ eventType: 'view' }, { limit: 2 })
    expect([seqs(found), found.reached?.seq]).toEqual([[24, 20], 20])
    expect((await deadLetters({}, { limit: 3 })).reached?.seq).toBe(9)
    expect((await deadLetters({}, { limit: 4 })).reached).toBeNull()
  })

  it('knows nothing of other groups', async () => {
    expect(await at.store.search.events({ group: 'other', filter: {}, limit: 9, rowsMax: 9 })).toEqual({
      rows: [],
      reached: null,
    })
    await at.store.writeBatch({ group: 'other', outcomes: [noise({ offset: 0 })] })
    expect((await at.store.search.deadLetters({ group: 'other', filter: {}, limit: 9, rowsMax: 9 })).rows).toEqual([])
  })

  it('ends a page of dead letters early where they hold megabytes', async () => {
    const big = 'x'.repeat(3 * 1024 * 1024)
    await at.write(...[100, 101, 102].map((offset) => deadLetter({ offset }, big, 'TOO_DEEP')))
    const found = await deadLetters({ code: 'TOO_DEEP' })
    expect([seqs(found), found.reached?.seq]).toEqual([[30, 29], 29])
    expect(seqs(await deadLetters({ code: 'TOO_DEEP' }, { before: 29 }))).toEqual([28])
  })

  it('walked to its end, whatever the step, finds what a look at everything finds', async () => {
    const all = await at.store.events({ group, limit: 100 })
    const filters = fc.record(
      {
        eventType: fc.constantFrom(...types),
        userId: fc.integer({ min: 5000, max: 5005 }),
        amountMin: fc.integer({ max: 250 }),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (filter, rowsMax, limit) => {
          const found: number[] = []
          for (let before: number | undefined; ; ) {
            const page = await events(filter, { ...(before !== undefined && { before }), rowsMax, limit })
            found.push(...seqs(page))
            if (page.reached === null) break
            before = page.reached.seq
          }
          const fits = all.filter(
            (row) =>
              (filter.eventType === undefined || row.event_type === filter.eventType) &&
              (filter.userId === undefined || row.user_id === filter.userId) &&
              (filter.amountMin === undefined || row.amount >= filter.amountMin),
          )
          expect(found).toEqual(fits.map(({ seq }) => seq))
        },
      ),
      { numRuns: 25, seed: 4 },
    )
  })
}
