// The questions that docs/api.md shows are answered.
import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { deadLetter, event } from '../store/testing/fixtures.ts'
import { bodyBytesMax } from './guard/limits.ts'
import { openTestApi } from './testing.ts'

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/^curl -s '?localhost:4000([^'\n]+)'?$/gm)].map(([, path]) => path as string)
const api = await openTestApi()
await api.write(event({ offset: 17 }, { event_id: 'a', amount: 500, user_id: 4242 }), deadLetter({ offset: 18 }, 'x'))
afterAll(() => api.store.close())

test('the page shows some', () => {
  expect(examples.length).toBeGreaterThan(9)
  expect(page).toContain(`${bodyBytesMax.toLocaleString('en')} bytes a body`)
})

test.each(examples)('%s', async (path) => {
  const response = await api.get(path)
  expect(response.status).toBe(200)
  expect((await response.text()).length).toBeGreaterThan(1)
})
