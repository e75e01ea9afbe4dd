import { expect, it } from 'vitest'
import { RecentEvents } from './recent-events.ts'

const told = (batch: number, attempt: number, bytes: number) =>
  ({ type: 'invoke', t: 0, batch, attempt, records: {}, count: 1, bytes }) as const

it('gives the newest attempt of a batch, and forgets what is old', () => {
  const recent = new RecentEvents()
  recent.keep(told(1, 1, 5), 'first')
  recent.keep(told(1, 2, 6), 'second')
  expect(recent.find(1)).toBe('second')
  expect(recent.invocations()).toMatchObject([{ attempt: 2 }, { attempt: 1 }])
  for (let batch = 2; batch < 1_100; batch += 1) recent.keep(told(batch, 1, 1), 'x')
  expect(recent.find(1)).toBeUndefined()
  expect(recent.invocations()).toHaveLength(20)
})

it('holds no more than 32 MB, and always the newest', () => {
  const recent = new RecentEvents()
  const large = 'x'.repeat(6 * 1024 * 1024)
  for (let batch = 1; batch <= 10; batch += 1) recent.keep(told(batch, 1, large.length), large)
  expect(recent.invocations().map(({ batch }) => batch)).toEqual([10, 9, 8, 7, 6])
})
