// The page as a person sees it: what is sent is painted, what is wrong is said.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'
import { event, post, sendRecords } from './shop.ts'

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

it('paints an event that was sent through the API', async () => {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on(
    'console',
    (message) => message.type() === 'error' && problems.push(`${message.text()} ${message.location().url}`),
  )
  await page.goto(stack.dashboard)
  await page.getByTestId('verdict').waitFor()
  expect((await post(stack, event('painted-1'))).status).toBe(200)
  const row = page.locator('[data-testid="feed-row"][data-event-id="painted-1"]')
  await row.waitFor()
  expect(await row.innerText()).toMatch(/checkout[\s\S]*AU-WA[\s\S]*12\.50/)
  await eventually('the verdict is flowing', async () => /flowing/i.test(await page.title()))
  expect(problems).toEqual([])
})

it('raises the error rate for a bad record and lists it among the dead letters', async () => {
  await page.goto(stack.dashboard)
  await post(stack, event('good-1'))
  await page.locator('[data-event-id="good-1"]').waitFor()
  // The API refuses bad events, so this one comes as any Kafka client may send it.
  await sendRecords(stack, ['<img src=x onerror="document.title=`owned`">'])
  const letter = page.getByTestId('dead-letter-row').first()
  await letter.waitFor()
  expect(await letter.innerText()).toContain('NOT_JSON')
  await eventually('the error rate is shown', async () => /50/.test(await page.getByTestId('error-rate').innerText()))
  expect(await page.title()).not.toBe('owned')
})

it('shows what is put aside while the page is still opening', async () => {
  let letThrough = () => {}
  const sent = new Promise<void>((resolve) => {
    letThrough = resolve
  })
  await page.route('**/api/events?*', async (route) => {
    await sent
    await route.continue()
  })
  await page.goto(stack.dashboard)
  await page.getByTestId('verdict').waitFor()
  await sendRecords(stack, ['not json'])
  await eventually('it is put aside', async () => (await deadLetters()).length === 1)
  letThrough()
  await page.getByTestId('dead-letter-row').waitFor()
})

async function deadLetters(): Promise<unknown[]> {
  const answer = await fetch(`${stack.dashboard}/api/dead-letters`)
  return ((await answer.json()) as { deadLetters: unknown[] }).deadLetters
}

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

it('writes what strangers send as text, in every field', async () => {
  const attack = '"><img src=x onerror="window.owned=1"><script>window.owned=1</script>'
  await page.goto(stack.dashboard)
  await post(stack, event(attack, { region: attack, note: attack, [attack]: attack }))
  await sendRecords(stack, [
    attack,
    JSON.stringify(event('bad', { event_type: attack })),
    JSON.stringify({ [attack]: 1 }),
  ])
  await page.getByTestId('dead-letter-row').nth(2).waitFor()
  const row = page.getByTestId('feed-row').first()
  await row.waitFor()
  expect(await row.getAttribute('data-event-id')).toBe(attack)
  expect(await row.innerText()).toContain(attack)
  expect(await page.getByTestId('dead-letters').innerText()).toContain(attack)
  expect(await page.evaluate('window.owned')).toBeUndefined()
})
