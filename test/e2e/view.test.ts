// What a reader chooses to look at, and how a link shows another person the same.
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'
import { event, post } from './shop.ts'

let browser: Browser
let stack: LocalStack
const sent = Array.from({ length: 60 }, (_, i) =>
  event(`e-${i}`, { event_type: i % 3 === 0 ? 'purchase' : 'view', user_id: 5000 + (i % 2), note: `number ${i}` }),
)

beforeAll(async () => {
  browser = await launchBrowser()
  stack = await startLocalStack(freshDirectory(), ['--no-producer'])
  await post(stack, sent)
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

async function open(search = ''): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, acceptDownloads: true })
  await page.goto(`${stack.dashboard}/${search}`)
  await page.getByTestId('feed-row').first().waitFor()
  return page
}

it('filters the held rows, and a link to the filtered view shows the same', async () => {
  const page = await open()
  await page.keyboard.press('/')
  await page.keyboard.type('purchase')
  await eventually('20 rows match', async () => /20 of the 60/.test(await page.getByTestId('filter-count').innerText()))
  await page.getByLabel('User').fill('5001')
  await eventually('10 rows match', async () => /10 of the 60/.test(await page.getByTestId('filter-count').innerText()))
  const { search } = new URL(page.url())
  expect(search).toBe('?type=purchase&user=5001')
  const other = await open(search)
  expect(await other.getByTestId('feed-row').count()).toBe(10)
  await other.getByRole('button', { name: 'Show all' }).click()
  await eventually('all are shown again', async () => (await other.getByTestId('feed-row').count()) === 50)
  expect(new URL(other.url()).search).toBe('')
  await page.close()
  await other.close()
})

it('opens the details of a row by Enter, by click and by link, and gives the focus back', async () => {
  const page = await open()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const details = page.getByTestId('row-details')
  await details.waitFor()
  const newest = await page.getByTestId('feed-row').first().getAttribute('data-event-id')
  expect(await details.innerText()).toContain(newest)
  await details.getByTestId('journey').waitFor()
  expect(await details.innerText()).toMatch(
    /retail-events-\d[\s\S]*In Kafka[\s\S]*Stored as number[\s\S]*note\s+number \d+/,
  )
  await page.keyboard.press('Escape')
  await details.waitFor({ state: 'detached' })
  expect(await page.evaluate("document.activeElement.getAttribute('data-event-id')")).toBe(newest)

  await page.getByTestId('feed-row').nth(2).click()
  await details.waitFor()
  const { search } = new URL(page.url())
  const other = await open(search)
  await eventually('the link opens it', async () => {
    expect(await other.getByTestId('row-details').innerText()).toBe(await details.innerText())
    return true
  })
  await page.close()
  await other.close()
})

it('holds the rows still for whoever points at, scrolls or selects them, not for a pointer that the page moves under', async () => {
  const page = await open()
  const feed = page.getByTestId('feed')
  const becomes = (paused: boolean) =>
    eventually(`paused is ${paused}`, async () => (await feed.getAttribute('data-paused')) === String(paused))
  const scroller = feed.locator('.scroll')
  // Where the rows will be once the page has scrolled to them, and nothing of the list is yet.
  await page.mouse.move(200, 300)
  await scroller.evaluate((element) => element.scrollIntoView({ block: 'center' }))
  await page.waitForTimeout(500)
  expect(await scroller.evaluate((element) => element.matches(':hover'))).toBe(true)
  expect(await feed.getAttribute('data-paused')).toBe('false')
  await page.mouse.move(210, 310)
  await becomes(true)
  await page.evaluate('window.scrollTo(0, 0)')
  await page.mouse.move(200, 20)
  await becomes(false)

  await scroller.evaluate((element) => element.scrollTo(0, 100))
  await becomes(true)
  await scroller.evaluate((element) => element.scrollTo(0, 0))
  await becomes(false)

  await page.getByTestId('feed-row').first().selectText()
  await becomes(true)
  await page.keyboard.press(' ')
  await becomes(false)
  await page.close()
})

it('says of a link to a row that is gone that it is not kept', async () => {
  const page = await open('?row=999999')
  await page.getByText('not kept any more').waitFor()
  await page.close()
})

it.each([
  ['30 min', '30 minutes'],
  ['24 h', '24 hours'],
])('draws %s and counts what arrived in it', async (button, words) => {
  const page = await open()
  await page.getByRole('button', { name: button, exact: true }).click()
  const sum = page.getByRole('paragraph').filter({ hasText: `60 events in ${words}, at most` })
  await sum.waitFor()
  await page.reload()
  await sum.waitFor()
  await page.close()
})

it('hands over what the filter lets through as a file', async () => {
  const page = await open('?type=purchase')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'NDJSON', exact: true }).click(),
  ])
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
  const expected = sent.filter(({ event_type }) => event_type === 'purchase').map(({ event_id }) => event_id)
  expect(lines.map((line) => JSON.parse(line).event_id).sort()).toEqual(expected.sort())
  await page.close()
})

it('chooses a stretch of the chart by dragging, and a link shows another person the same', async () => {
  const page = await open()
  const chart = page.getByRole('slider', { name: /Events per second/ })
  const box = await chart.boundingBox()
  if (!box) throw new Error('the chart is not drawn')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width * 0.6, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.8, y, { steps: 5 })
  await page.mouse.up()
  const sum = page.getByRole('paragraph').filter({ hasText: /in \d.* from \d\d:\d\d:\d\d/ })
  await sum.waitFor()
  const { search } = new URL(page.url())
  expect(search).toMatch(/^\?from=\d+&to=\d+$/)
  const other = await open(search)
  await other
    .getByRole('paragraph')
    .filter({ hasText: await sum.innerText() })
    .waitFor()
  await other.getByRole('button', { name: 'Show all' }).click()
  expect(new URL(other.url()).search).toBe('')
  await page.close()
  await other.close()
})

it('goes to a panel by two keys, and the focus goes along', async () => {
  const page = await open()
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  expect(await page.evaluate('document.activeElement.id')).toBe('business-title')
  await page.getByTestId('business').waitFor()
  await page.close()
})

it('shows moments in the reader’s zone or in UTC, by one switch', async () => {
  const page = await browser.newPage({ timezoneId: 'Australia/Sydney' })
  await page.goto(stack.dashboard)
  const time = page.getByTestId('feed-row').first().locator('time')
  await time.waitFor()
  const machine = (await time.getAttribute('datetime')) ?? ''
  const inSydney = new Intl.DateTimeFormat('en-AU', {
    timeStyle: 'medium',
    hourCycle: 'h23',
    timeZone: 'Australia/Sydney',
  })
  expect(await time.innerText()).toContain(inSydney.format(new Date(machine)))
  await page.getByRole('button', { name: 'UTC', exact: true }).click()
  await eventually('it is in UTC', async () => (await time.innerText()).includes(machine.slice(11, 19)))
  await page.close()
})
