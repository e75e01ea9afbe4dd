// A user is erased over HTTP, and the trail says so.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deadLetter, event } from '../../store/testing/fixtures.ts'
import { nowMs, openTestApi, type TestApi } from '../testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
  await api.write(
    event({ offset: 0 }, { event_id: 'theirs', user_id: 5001 }),
    event({ offset: 1 }, { event_id: 'another', user_id: 5002 }),
    deadLetter({ offset: 2 }, '{"user_id":5001}'),
  )
})
afterEach(() => api.store.close())

test('a user is erased, and the trail says when and how much', async () => {
  const response = await api.app.request('/api/users/5001', { method: 'DELETE' })
  const at = new Date(nowMs).toISOString()
  const erasure = { id: 1, user_id: 5001, by: 'the API', requestedAt: at, finishedAt: at, events: 1, deadLetters: 1 }
  expect([response.status, await response.json()]).toEqual([200, erasure])
  expect(await (await api.get('/api/erasures')).json()).toEqual({ erasures: [erasure] })
  const { events } = (await (await api.get('/api/events')).json()) as { events: { event_id: string }[] }
  expect(events.map((row) => row.event_id)).toEqual(['another'])
})

test('what is no user is refused, and so is a page of another site', async () => {
  expect((await api.app.request('/api/users/bob', { method: 'DELETE' })).status).toBe(400)
  const headers = { host: 'localhost:4000', origin: 'https://evil.example' }
  expect((await api.app.request('/api/users/5001', { method: 'DELETE', headers })).status).toBe(403)
  expect(await (await api.get('/api/erasures')).json()).toEqual({ erasures: [] })
})
