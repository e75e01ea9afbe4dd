// The page as a person sees it: what is sent is painted, what is wrong is said.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'

let browser: Browser
let stack: LocalStack
let page: Page

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  stack = await startLocalStack(freshDirectory(), ['--no-producer'])
  page = await browser.newPage()
})
afterEach(async () => {
  await page.close()
  await stack.stop()
})

const event = (id: string, change: object = {}) => ({
  event_id: id,
  event_type: 'checkout',
  user_id: 4242,
  amount: 12.5,
  timestamp: new Date().toISOString(),
  region: 'AU-WA',
  ...change,
})

function post(body: unknown): Promise<Response> {
  return fetch(`${stack.dashboard}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

it('paints an event that was sent through the API', async () => {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on(
    'console',
    (message) => message.type() === 'error' && problems.push(`${message.text()} ${message.location().url}`),
  )
  await page.goto(stack.dashboard)
  await page.getByTestId('verdict').waitFor()
  expect((await post(event('painted-1'))).status).toBe(200)
  const row = page.locator('[data-testid="feed-row"][data-event-id="painted-1"]')
  await row.waitFor()
  expect(await row.innerText()).toMatch(/checkout[\s\S]*AU-WA[\s\S]*12\.50/)
  await eventually('the verdict is flowing', async () => /flowing/i.test(await page.title()))
  expect(problems).toEqual([])
})

it('raises the error rate for a bad record and lists it among the dead letters', async () => {
  await page.goto(stack.dashboard)
  await post(event('good-1'))
  await page.locator('[data-event-id="good-1"]').waitFor()
  // The API refuses bad events, so this one comes as any Kafka client may send it.
  const { Kafka, logLevel } = await import('kafkajs')
  const producer = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  await producer.send({
    topic: 'retail-events',
    messages: [{ key: '1', value: '<img src=x onerror="document.title=`owned`">' }],
  })
  await producer.disconnect()
  const letter = page.getByTestId('dead-letter-row').first()
  await letter.waitFor()
  expect(await letter.innerText()).toContain('NOT_JSON')
  await eventually('the error rate is shown', async () => /50/.test(await page.getByTestId('error-rate').innerText()))
  expect(await page.title()).not.toBe('owned')
})

it('says that it is cut off when the server is gone, and goes on by itself when it is back', async () => {
  const directory = freshDirectory()
  const first = await startLocalStack(directory, ['--no-producer'])
  const port = new URL(first.dashboard).port
  await page.goto(first.dashboard)
  await page.getByTestId('verdict').waitFor()
  await first.kill()
  await page.getByTestId('connection-band').waitFor()
  const second = await startLocalStack(directory, ['--rate', '10', '--port', port])
  await page.getByTestId('feed-row').first().waitFor()
  await page.getByTestId('connection-band').waitFor({ state: 'detached' })
  await second.stop()
})
