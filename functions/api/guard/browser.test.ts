// A browser at a server that has a token: the link of the first run, the cookie, the live stream, a write, and a wrong token.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DashboardServer, listen } from '../../../local/dashboard/listen.ts'
import { deadLetter, group } from '../../store/testing/fixtures.ts'
import { openTestApi, type TestApi } from '../testing.ts'

const token = 'correct-horse-battery-staple'
const page = { accept: 'text/html,application/xhtml+xml' }

let api: TestApi
let server: DashboardServer
let origin: string
beforeEach(async () => {
  api = await openTestApi({ token })
  api.app.get('/', (c) => c.html('the page'))
  server = await listen(api.app, { address: '127.0.0.1', ports: [0], token })
  origin = `http://127.0.0.1:${server.port}`
})
afterEach(async () => {
  await server.close()
  await api.store.close()
})

/** Keeps cookies and shows them again, and follows where it is led. */
function openBrowser() {
  let cookie: string | undefined
  const visited: string[] = []
  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(path, origin)
    visited.push(url.pathname + url.search)
    const headers = { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) }
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie
    const location = answer.headers.get('location')
    if (answer.status !== 303 || location === null) return answer
    await answer.body?.cancel()
    return ask(location, { headers: page })
  }
  return {
    visited,
    ask,
    /** As a script of the page does. */
    write: (path: string, body: object, from = 'same-origin') =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin, 'sec-fetch-site': from },
        body: JSON.stringify(body),
      }),
  }
}

/** The first message of the live stream. */
async function firstFrame(answer: Response): Promise<{ cursor: string }> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (let text = ''; ; ) {
    const { value, done } = (await reader?.read()) ?? { value: '', done: true }
    text += value ?? ''
    const data = /^data: ?(\{.*\})$/m.exec(text)?.[1]
    if (data !== undefined || done) {
      await reader?.cancel()
      return JSON.parse(data ?? 'null')
    }
  }
}

const redrive = { all: true, by: 'a person', perSecond: 1, fixes: [{ id: 1, text: fixed() }] }

function fixed(): string {
  const event = { event_id: 'a', event_type: 'view', user_id: 4242, amount: 1, timestamp: '2026-11-22T10:00:00' }
  return JSON.stringify(event)
}

test('the link of the first run leads to the page, which then reads, listens and writes', async () => {
  await api.write(deadLetter({ offset: 0 }, '{"event_id":"a"}', 'MISSING_FIELDS'))
  const browser = openBrowser()
  const opened = await browser.ask(`/?token=${token}`, { headers: page })
  expect([opened.status, await opened.text()]).toEqual([200, 'the page'])
  // Neither the address bar nor the history keeps the token.
  expect(browser.visited).toEqual([`/?token=${token}`, '/'])
  expect((await browser.ask('/api/summary')).status).toBe(200)
  const live = await browser.ask('/api/live?cursor=0', { headers: { accept: 'text/event-stream' } })
  expect([live.status, live.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/event-stream')])
  expect(await firstFrame(live)).toMatchObject({ cursor: '1' })
  const answer = await browser.write('/api/redrives', redrive)
  expect([answer.status, await answer.json()]).toMatchObject([201, { redrive: { by: 'a person', records: 1 } }])
  expect(await api.store.redrives.list({ group, limit: 5 })).toHaveLength(1)
})

test('a wrong token leads to the form, and to nothing else', async () => {
  const browser = openBrowser()
  const refused = await browser.ask('/?token=not-the-token-at-all', { headers: page })
  expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('That is not the token.')])
  const asked = [
    await browser.ask('/', { headers: page }),
    await browser.ask('/api/summary'),
    await browser.ask('/api/live', { headers: { accept: 'text/event-stream' } }),
    await browser.write('/api/redrives', redrive),
  ]
  expect(asked.map(({ status }) => status)).toEqual([401, 401, 401, 401])
  expect(await api.store.redrives.list({ group, limit: 5 })).toEqual([])
})

test('the form takes the token, and leads back to where one wanted to go', async () => {
  api.app.get('/lag', (c) => c.html('the lag'))
  const browser = openBrowser()
  const form = await (await browser.ask('/lag?of=1', { headers: page })).text()
  const action = /action="([^"]+)"/.exec(form)?.[1] ?? ''
  const signedIn = await browser.ask(action, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token }).toString(),
  })
  expect([signedIn.status, await signedIn.text()]).toEqual([200, 'the lag'])
  expect(browser.visited.at(-1)).toBe('/lag?of=1')
})

test('the cookie is no use to the page of another site', async () => {
  await api.write(deadLetter({ offset: 0 }, '{"event_id":"a"}', 'MISSING_FIELDS'))
  const browser = openBrowser()
  await browser.ask(`/?token=${token}`, { headers: page })
  expect((await browser.write('/api/redrives', redrive, 'cross-site')).status).toBe(403)
  expect(await api.store.redrives.list({ group, limit: 5 })).toEqual([])
})
