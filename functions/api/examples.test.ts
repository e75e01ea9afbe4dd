// The questions that docs/api.md shows are answered, and what it tells people to do can be done, in its order.
import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { deadLetter, event } from '../store/testing/fixtures.ts'
import { bodyBytesMax } from './guard/limits.ts'
import { openTestApi } from './testing.ts'

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
const command = /^curl -s (?:-X (\w+) )?'?localhost:4000([^'\s]+)'?(?: -H '([\w-]+): ([^']+)' -d '([^']+)')?$/gm
const examples = [...page.matchAll(command)].map(([line, method, path = '', header = '', value = '', body]) => {
  const init = body === undefined ? { method: method ?? 'GET' } : { method: 'POST', headers: { [header]: value }, body }
  return { line, path, init }
})
const api = await openTestApi()
const broken = deadLetter({ offset: 18 }, '{"event_id": "order-7"}', 'MISSING_FIELDS')
await api.write(event({ offset: 17 }, { event_id: 'a', amount: 500, user_id: 4242 }), broken)
afterAll(() => api.store.close())

test('the page shows some', () => {
  expect(examples.length).toBe([...page.matchAll(/^curl /gm)].length)
  expect(page).toContain(`${bodyBytesMax.toLocaleString('en')} bytes a body`)
})

test.each(examples)('$line', async ({ path, init }) => {
  const response = await api.app.request(path, init)
  expect([200, 201]).toContain(response.status)
  expect((await response.text()).length).toBeGreaterThan(1)
})
