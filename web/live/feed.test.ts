import { expect, it } from 'vitest'
import type { EventRow } from '../../functions/api/schemas.ts'
import { addRows, emptyFeed, type Feed, type Filter, feedView, refill } from './feed.ts'

const row = (seq: number) => ({ seq, event_id: `e${seq}` }) as EventRow
const rows = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => row(from + i))
const everything: Filter = { type: '', region: '', user: '' }
const seqs = (feed: Feed) => feed.rows.map(({ seq }) => seq)

it('puts the newest on top, whatever order a frame has', () => {
  expect(seqs(addRows(addRows(emptyFeed, rows(1, 2), 0), [row(4), row(3)], 0))).toEqual([4, 3, 2, 1])
})

it('takes each row once, though a reconnect sends some again', () => {
  const feed = addRows(addRows(emptyFeed, rows(1, 5), 0), rows(3, 7), 0)
  expect(seqs(feed)).toEqual([7, 6, 5, 4, 3, 2, 1])
  expect(feed.arrived).toBe(7)
})

it('takes a first page that comes after the first frame of the stream', () => {
  const feed = addRows(addRows(emptyFeed, rows(11, 12), 0), rows(8, 10), 0)
  expect(seqs(feed)).toEqual([12, 11, 10, 9, 8])
})

it('holds the newest 200 rows, however many come', () => {
  const feed = addRows(emptyFeed, rows(1, 10_000), 0)
  expect(feed.rows).toHaveLength(200)
  expect(feedView(feed, null, everything).matching[0]?.seq).toBe(10_000)
})

it('stands still while paused and counts what came, sampled rows included', () => {
  const kept = addRows(emptyFeed, rows(1, 60), 0)
  const live = addRows(kept, rows(100, 113), 200)
  const view = feedView(live, kept, everything)
  expect(view.matching[0]?.seq).toBe(60)
  expect(view.newCount).toBe(214)
  expect(feedView(live, null, everything)).toMatchObject({ newCount: 0, matching: { 0: { seq: 113 } } })
})

it('is the same value when nothing came, so that nothing is drawn anew', () => {
  const feed = addRows(emptyFeed, rows(1, 3), 0)
  expect(addRows(feed, rows(2, 3), 0)).toBe(feed)
})

it('fills rows that are seen anew, and leaves the others as they stand until they are drawn for the first time', () => {
  const before = rows(1, 3).reverse()
  const after = rows(4, 7).reverse()
  expect(refill(before, after, (index) => index === 0).map(({ seq }) => seq)).toEqual([7, 2, 1, 4])
  expect(refill(before, after, () => true)).toEqual(after)
  expect(refill(before, [], () => false)).toEqual([])
})

it('filters the held rows by type, region and user, each only where it is asked for', () => {
  const of = (seq: number, event_type: string, region: string | null, user_id: number) =>
    ({ seq, event_type, region, user_id }) as EventRow
  const all = [of(1, 'view', 'AU-NSW', 1), of(2, 'purchase', 'AU-NSW', 2), of(3, 'purchase', null, 1)]
  const feed = addRows(emptyFeed, all, 0)
  const matching = (filter: Partial<Filter>) =>
    feedView(feed, null, { ...everything, ...filter }).matching.map(({ seq }) => seq)
  expect(matching({})).toEqual([3, 2, 1])
  expect(matching({ type: 'purchase' })).toEqual([3, 2])
  expect(matching({ region: 'AU-NSW', user: '1' })).toEqual([1])
  expect(matching({ user: 'nobody' })).toEqual([])
})
