// Filters over the lists: what they find, how far they look, and what they refuse.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { deadLetter, event, group } from '../../store/testing/fixtures.ts'
import { deadLettersPageSchema, eventsPageSchema, problemSchema } from '../schemas.ts'
import { nowMs, openTestApi, type TestApi } from '../testing.ts'
import { eventsAround } from './around.ts'
import { readFiltered } from './walk.ts'

const types = ['purchase', 'view', 'cart_add', 'checkout'] as const
let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

/** `count` events and a dead letter behind each tenth, `perSecond` of them in a second of arrival. */
async function fill(count: number, perSecond: number): Promise<void> {
  for (let from = 0; from < count; from += perSecond) {
    const outcomes = Array.from({ length: Math.min(perSecond, count - from) }, (_, index) => from + index).flatMap(
      (n) => [
        event({ offset: n * 2 }, { event_id: `e${n}`, event_type: types[n % 4] as 'view', user_id: 5000 + (n % 997) }),
        ...(n % 10 === 9 ? [deadLetter({ offset: n * 2 + 1 }, `bad ${n}`)] : []),
      ],
    )
    await api.write(...outcomes)
    api.clock.nowMs += 1000
  }
}

async function get<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> {
  const response = await api.get(path)
  expect([path, response.status]).toEqual([path, 200])
  return schema.parse(await response.json())
}

const events = (query: string) => get(`/api/events?${query}`, eventsPageSchema)
const ids = (page: z.infer<typeof eventsPageSchema>) => page.events.map(({ event_id }) => event_id)

describe('a filter', () => {
  test('finds what fits, the newest first, and says that it has seen everything', async () => {
    await fill(40, 10)
    const page = await events('type=view&user_id=5021&limit=10')
    expect([ids(page), page.searched]).toEqual([['e21'], { backTo: null, isEnd: true }])
    expect(ids(await events('type=view&limit=3'))).toEqual(['e37', 'e33', 'e29'])
    expect(ids(await events('amount_min=12.34&amount_max=12.34&region=AU-NSW&type=view&limit=1'))).toEqual(['e37'])
    expect(ids(await events('region='))).toEqual([])
    expect((await events('limit=1')).searched).toBeUndefined()
  })

  test('by time finds what arrived in it, wherever that lies', async () => {
    await fill(100, 10)
    const second = (n: number) => new Date(nowMs + n * 1000).toISOString()
    const page = await events(`from=${second(3)}&to=${second(5)}`)
    expect(ids(page)).toEqual(Array.from({ length: 20 }, (_, index) => `e${49 - index}`))
    expect(page.searched?.isEnd).toBe(true)
    const up = await events(`from=${second(3)}&to=${second(4)}&after=0&limit=4`)
    expect(ids(up)).toEqual(['e30', 'e31', 'e32', 'e33'])
    expect(ids(await events(`from=${second(3)}&to=${second(4)}&after=${up.cursor}`))).toEqual([
      'e34',
      'e35',
      'e36',
      'e37',
      'e38',
      'e39',
    ])
    expect(ids(await events(`to=${second(0)}`))).toEqual([])
    const aside = await get(`/api/dead-letters?from=${second(9)}`, deadLettersPageSchema)
    expect(aside.deadLetters.map(({ text }) => text)).toEqual(['bad 99'])
  })

  test('finds dead letters by words of their reason', async () => {
    await fill(30, 30)
    const page = await get('/api/dead-letters?text=EXPECTED%20json&code=NOT_JSON', deadLettersPageSchema)
    expect(page.deadLetters.map(({ text }) => text)).toEqual(['bad 29', 'bad 19', 'bad 9'])
    expect((await get('/api/dead-letters?state=discarded', deadLettersPageSchema)).deadLetters).toEqual([])
  })

  test('over more rows than it may look at says how far back it came, and goes on from there', async () => {
    await fill(500, 10)
    const limits = { rowsPerReading: 20, rowsPerAnswer: 100 }
    const parts = {
      search: api.store.search.events,
      toRow: ({ event_id }: { event_id: string }) => event_id,
      around: (ms: number) => eventsAround(api.store, group, ms),
    }
    const found: string[] = []
    const backTo: (string | null)[] = []
    for (let before: number | undefined; ; ) {
      const page = await readFiltered({ group, filter: { eventType: 'view' }, before, limit: 100 }, parts, limits)
      found.push(...page.rows)
      backTo.push(page.searched.backTo)
      if (page.searched.isEnd) break
      before = Number(page.cursor)
    }
    const second = (n: number) => new Date(nowMs + n * 1000).toISOString()
    expect(backTo).toEqual([second(40), second(30), second(20), second(10), second(0), null])
    const views = Array.from({ length: 500 }, (_, n) => n).filter((n) => n % 4 === 1)
    expect(found).toEqual(views.reverse().map((n) => `e${n}`))
  })

  test('answers others between two of its readings', async () => {
    await fill(8_000, 4_000)
    const order: string[] = []
    const slow = events('user_id=1').then(() => order.push('filter'))
    await new Promise((resolve) => setImmediate(resolve))
    const quick = api.get('/api/lag').then(() => order.push('lag'))
    await Promise.all([slow, quick])
    expect(order).toEqual(['lag', 'filter'])
  })

  test('is cut where its rows are big, and goes on', async () => {
    await api.write(...Array.from({ length: 8 }, (_, offset) => deadLetter({ offset }, 'x'.repeat(900_000))))
    const seen: number[] = []
    for (let before = ''; ; ) {
      const response = await api.get(`/api/dead-letters?code=NOT_JSON&limit=1000${before}`)
      const text = await response.text()
      expect(text.length).toBeLessThan(6_000_000)
      const page = deadLettersPageSchema.parse(JSON.parse(text))
      seen.push(...page.deadLetters.map(({ id }) => id))
      if (page.searched?.isEnd) break
      before = `&before=${page.cursor}`
    }
    expect(seen).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
  })

  test.each([
    ['/api/events?type=', 'type: '],
    ['/api/events?user_id=5.5', 'user_id: expected an integer'],
    ['/api/events?amount_min=-1', 'amount_min: expected an amount'],
    ['/api/events?amount_max=1e9', 'amount_max: expected an amount'],
    ['/api/events?from=yesterday', 'from: expected an ISO 8601 time'],
    ['/api/events?type=view&after=1&before=2', 'expected after or before'],
    ['/api/dead-letters?state=gone', 'state: '],
    [`/api/dead-letters?text=${'x'.repeat(201)}`, 'text: '],
  ])('%s is refused by name', async (path, detail) => {
    const response = await api.get(path)
    expect(problemSchema.parse(await response.json())).toMatchObject({ status: 400, code: 'QUERY_INVALID' })
    expect((await (await api.get(path)).json()) as { detail: string }).toMatchObject({
      detail: expect.stringContaining(detail),
    })
  })
})

test('a moment lies between the last event before it and the first one after', async () => {
  await fill(30, 10)
  const around = (ms: number) => eventsAround(api.store, group, ms)
  expect(await around(nowMs)).toEqual({ below: 0, above: 1 })
  expect(await around(nowMs + 1)).toEqual({ below: 10, above: 12 })
  expect(await around(nowMs + 1000)).toEqual({ below: 10, above: 12 })
  expect(await around(nowMs + 5000)).toEqual({ below: 32, above: 34 })
})
