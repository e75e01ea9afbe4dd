// Pages of the lists: every row once, in order, and never more than an answer can carry.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { deadLetter, event, topic } from '../store/testing/fixtures.ts'
import { deadLettersPageSchema, eventsPageSchema } from './schemas.ts'
import { openTestApi, readAnswer, type TestApi } from './testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

const get = <Answer>(path: string, schema: z.ZodType<Answer>) => readAnswer(api, path, schema)

describe('pages', () => {
  const seqs = (page: z.infer<typeof eventsPageSchema>) => page.events.map(({ seq }) => seq)
  beforeEach(() =>
    api.write(
      ...Array.from({ length: 120 }, (_, offset) =>
        event({ offset }, { event_id: `e${offset}`, extra: { n: offset } }),
      ),
      deadLetter({ offset: 120 }, 'not JSON'),
      deadLetter({ offset: 121 }, null),
    ),
  )

  test('begin with the newest, whose cursor is where the live stream goes on', async () => {
    const page = await get('/api/events?limit=3', eventsPageSchema)
    expect(seqs(page)).toEqual([120, 119, 118])
    expect(page.cursor).toBe('122')
    expect(page.events[0]).toMatchObject({
      event_id: 'e119',
      extra: { n: 119 },
      amount_bucket: 'low',
      topic,
      partition: 0,
    })
  })

  test('walk back and forth without a gap or a double, and end by standing still', async () => {
    const back: number[] = []
    for (let cursor = '121'; ; ) {
      const page = await get(`/api/events?before=${cursor}&limit=7`, eventsPageSchema)
      if (page.events.length === 0) break
      back.push(...seqs(page))
      cursor = page.cursor
    }
    expect(back).toEqual(Array.from({ length: 120 }, (_, index) => 120 - index))
    const forth = await get('/api/events?after=10&limit=100', eventsPageSchema)
    expect(seqs(forth)).toEqual(Array.from({ length: 100 }, (_, index) => 11 + index))
    expect(forth.cursor).toBe('110')
    expect(await get('/api/events?after=122', eventsPageSchema)).toEqual({ events: [], cursor: '122' })
  })

  test('of dead letters carry the bytes as they came', async () => {
    const { deadLetters } = await get('/api/dead-letters', deadLettersPageSchema)
    expect(deadLetters).toMatchObject([
      { id: 122, offset: 121, raw: null, text: null },
      { id: 121, offset: 120, code: 'NOT_JSON', text: 'not JSON', raw: Buffer.from('not JSON').toString('base64') },
    ])
  })

  test('are cut before they outgrow an answer, and go on from there', async () => {
    const big = 'x'.repeat(900_000)
    await api.write(...Array.from({ length: 12 }, (_, index) => deadLetter({ offset: 200 + index }, big + index)))
    const seen: number[] = []
    for (let cursor = '122'; seen.length < 12; ) {
      const response = await api.get(`/api/dead-letters?after=${cursor}&limit=1000`)
      const text = await response.text()
      expect(text.length).toBeLessThan(6_000_000)
      const page = deadLettersPageSchema.parse(JSON.parse(text))
      expect(page.deadLetters.length).toBeGreaterThan(0)
      seen.push(...page.deadLetters.map(({ id }) => id))
      cursor = page.cursor
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => 123 + index))
  })
})
