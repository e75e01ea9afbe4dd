// What a page shows after it was away: everything, once.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'
import { event, post } from './shop.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

const shownIds = (page: Page) =>
  page.getByTestId('feed-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-event-id')))

async function storedIds(stack: LocalStack): Promise<string[]> {
  const { events } = await stack.get<{ events: { event_id: string }[] }>('/api/events?limit=50')
  return events.map(({ event_id }) => event_id)
}

/** Sends events one after another until it is told to stop; answers how many were acknowledged. */
function sendSteadily(stack: LocalStack) {
  let stopped = false
  const sent = (async () => {
    let count = 0
    while (!stopped) {
      const response = await post(stack, event(`steady-${count}`))
      if (response.status === 200) count += 1
    }
    return count
  })()
  return {
    async stop() {
      stopped = true
      return await sent
    },
  }
}

it('shows the newest 50 rows, each once, after a reload in mid-stream', async () => {
  const stack = await startLocalStack(freshDirectory(), ['--no-producer'])
  const page = await browser.newPage()
  await page.goto(stack.dashboard)
  const sender = sendSteadily(stack)
  for (let reload = 0; reload < 3; reload++) {
    await page.getByTestId('feed-row').nth(9).waitFor()
    await page.reload()
  }
  await page.getByTestId('feed-row').nth(9).waitFor()
  const acknowledged = await sender.stop()
  await eventually('all are stored', async () => (await storedIds(stack))[0] === `steady-${acknowledged - 1}`)
  const stored = await storedIds(stack)
  expect(new Set(stored).size).toBe(stored.length)
  await eventually('the page shows them', async () => {
    expect(await shownIds(page)).toEqual(stored)
    return true
  })
  await page.close()
  await stack.stop()
})

it('has lost and doubled nothing when the server was killed and started again', async () => {
  const directory = freshDirectory()
  const first = await startLocalStack(directory, ['--no-producer'])
  const page = await browser.newPage()
  await page.goto(first.dashboard)
  const before = Array.from({ length: 20 }, (_, i) => event(`before-${i}`))
  expect((await post(first, before)).status).toBe(200)
  // Acknowledged, and perhaps not stored yet: the restart has to bring the rest.
  await first.kill()
  await page.getByTestId('connection-band').waitFor()

  const port = new URL(first.dashboard).port
  const second = await startLocalStack(directory, ['--no-producer', '--port', port])
  await page.getByTestId('connection-band').waitFor({ state: 'detached' })
  const after = Array.from({ length: 20 }, (_, i) => event(`after-${i}`))
  expect((await post(second, after)).status).toBe(200)
  const sent = [...before, ...after].map(({ event_id }) => event_id).sort()
  await eventually('the page shows them', async () => {
    expect((await shownIds(page)).sort()).toEqual(sent)
    return true
  })
  expect(await shownIds(page)).toEqual(await storedIds(second))
  await page.close()
  await second.stop()
})
