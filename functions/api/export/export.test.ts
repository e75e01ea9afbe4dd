// Exports: everything once and in order, safe to open, bounded, and never a part that looks like the whole.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { deadLetter, event } from '../../store/testing/fixtures.ts'
import { openTestApi, type TestApi } from '../testing.ts'
import { csvLine } from './csv.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

const fill = (count: number, more: object = {}) =>
  api.write(
    ...Array.from({ length: count }, (_, offset) =>
      event({ offset }, { event_id: `e${offset}`, event_type: offset % 2 ? 'view' : 'purchase', ...more }),
    ),
  )
const lines = (text: string) => text.split('\n').filter(Boolean)
const json = (text: string) => lines(text).map((line) => JSON.parse(line) as { seq: number; event_id: string })

describe('an export', () => {
  test('as NDJSON holds every row as the list shows it, in the order of the sequence', async () => {
    await fill(1_700, { extra: { note: 'a,"b"' } })
    const response = await api.get('/api/exports/events?format=ndjson')
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="freshet-events.ndjson"')
    const rows = json(await response.text())
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_700 }, (_, index) => index + 1))
    const listed = (await (await api.get('/api/events?limit=1')).json()) as { events: object[] }
    expect(rows.at(-1)).toEqual(listed.events[0])
  })

  test('as CSV begins with its columns, and holds a row a line', async () => {
    await fill(3, { extra: { note: 'a,"b"' }, region: null })
    const text = await (await api.get('/api/exports/events')).text()
    const [head, first, ...rest] = text.split('\r\n')
    expect(head).toBe(
      'seq,event_id,event_type,user_id,product_id,amount,region,timestamp,processed_at,amount_bucket,is_revenue_event,topic,partition,offset,record_ms,extra',
    )
    expect(first).toBe(
      '1,e0,purchase,5000,,12.34,,2026-11-23T00:00:00.000Z,2026-11-23T00:10:00.500Z,low,true,retail-events,0,0,1795392000000,"{""note"":""a,\\""b\\""""}"',
    )
    expect(rest).toHaveLength(3)
  })

  test('of a filter holds what fits', async () => {
    await fill(20)
    await api.write(deadLetter({ offset: 20 }, '=1+1'), deadLetter({ offset: 21 }, 'x', 'EMPTY'))
    const views = json(await (await api.get('/api/exports/events?format=ndjson&type=view')).text())
    expect(views.map(({ event_id }) => event_id)).toEqual(Array.from({ length: 10 }, (_, n) => `e${n * 2 + 1}`))
    const aside = lines(await (await api.get('/api/exports/dead-letters?code=NOT_JSON')).text())
    expect(aside).toHaveLength(2)
    expect(aside[1]).toContain("'=1+1")
    expect(lines(await (await api.get('/api/exports/events?type=nothing')).text())).toHaveLength(1)
  })

  test('ends at its limit, and goes on after its last row', async () => {
    await fill(1_200)
    const seen: number[] = []
    for (let after = 0; ; ) {
      const rows = json(await (await api.get(`/api/exports/events?format=ndjson&limit=700&after=${after}`)).text())
      seen.push(...rows.map(({ seq }) => seq))
      if (rows.length < 700) break
      after = seen.at(-1) ?? 0
    }
    expect(seen).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1))
  })

  test('where answers cannot stream comes in pieces, each with the way to the next', async () => {
    await fill(30, { extra: { note: 'x'.repeat(300_000) } })
    const pieces = await openTestApi({ store: api.store, streams: false })
    const seen: number[] = []
    let count = 0
    for (let path: string | undefined = '/api/exports/events?format=ndjson&type=view'; path; count++) {
      const response: Response = await pieces.get(path)
      const text = await response.text()
      expect(text.length).toBeLessThan(6_000_000)
      seen.push(...json(text).map(({ seq }) => seq))
      path = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(seen).toEqual(Array.from({ length: 15 }, (_, index) => index * 2 + 2))
    expect(count).toBe(1)
  })

  test('that is one of too many is told to come again, and room comes back when one is given up', async () => {
    await fill(2_000)
    const open = await Promise.all([1, 2, 3, 4].map(() => api.get('/api/exports/events')))
    const refused = await api.get('/api/exports/events')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    // Asking what it would be costs no place.
    expect((await api.app.request('/api/exports/events', { method: 'HEAD' })).status).toBe(200)
    await open[0]?.body?.cancel()
    const next = await api.get('/api/exports/events')
    expect(lines(await next.text())).toHaveLength(2_001)
    for (const response of open.slice(1)) await response.body?.cancel()
    expect((await api.get('/api/exports/events')).status).toBe(200)
  })

  test('of a store that fails says so; one that fails on the way breaks off', async () => {
    await fill(3_000)
    const response = await api.get('/api/exports/events')
    await api.store.close()
    await expect(response.text()).rejects.toThrow()
    const refused = await api.get('/api/exports/events')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  })
})

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['=cmd|"/c calc"!A1', '"\'=cmd|""/c calc""!A1"'],
  ['a=1', 'a=1'],
  ['say "hi", then go', '"say ""hi"", then go"'],
  ['two\nlines', '"two\nlines"'],
  ['', ''],
  [null, ''],
  [-1.5, '-1.5'],
  [true, 'true'],
  [{ a: 1 }, '"{""a"":1}"'],
])('the cell %j is written as %j', (cell, written) => {
  expect(csvLine([cell, 1])).toBe(`${written},1\r\n`)
})
