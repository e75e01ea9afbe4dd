// Dead letters as work, and the way of a record: from the complaint to an event that is stored.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'
import { event, post, sendRecords } from './shop.ts'

let browser: Browser
let stack: LocalStack

beforeAll(async () => {
  browser = await launchBrowser()
  stack = await startLocalStack(freshDirectory(), ['--no-producer'])
  await post(stack, event('good-1'))
  const { amount: _none, ...withoutAmount } = event('mend-me')
  await sendRecords(stack, [JSON.stringify(withoutAmount), 'no json 1', 'no json 2', 'no json 3'])
  await eventually('four are put aside', async () => {
    const { deadLetters } = await stack.get<{ deadLetters: unknown[] }>('/api/dead-letters')
    return deadLetters.length === 4
  })
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

async function openWork(search = '?letters=all'): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(`${stack.dashboard}/${search}`)
  await page.getByTestId('letter-group').first().waitFor()
  return page
}

const openOf = (page: Page, code: string) =>
  page.locator(`[data-testid="letter-group"][data-code="${code}"] td`).first().innerText()

it('adds up what the events were worth', async () => {
  const page = await browser.newPage()
  await page.goto(stack.dashboard)
  const business = page.getByTestId('business')
  await business.getByText(/12\.50 of revenue from 1\sevent /).waitFor()
  expect(await business.getByRole('row', { name: /checkout/ }).innerText()).toMatch(/1\s+12\.50/)
  await page.close()
})

it('mends a record, says in a dry run that it would be stored, sends it again and resolves it', async () => {
  const page = await openWork()
  await page.getByLabel('Your name, for the trail').fill('ann')
  await page.getByRole('button', { name: 'MISSING_FIELDS', exact: true }).click()
  await page.getByRole('button', { name: /missing: amount/ }).click()
  const letter = page.getByTestId('letter-case')
  await letter.waitFor()
  await letter.getByRole('button', { name: 'Dry run' }).click()
  await letter.getByText(/1 would fail again: missing: amount/).waitFor()

  await letter.getByRole('button', { name: 'Lay out as JSON' }).click()
  const value = letter.getByRole('textbox')
  await value.fill((await value.inputValue()).replace('{', '{ "amount": 9.5,'))
  await letter.getByRole('button', { name: 'Dry run' }).click()
  await letter.getByRole('button', { name: /Send 1 record again/ }).click()
  await page.locator('[data-testid="redrive"][data-state="finished"]').waitFor()
  expect(await page.getByTestId('redrive').innerText()).toMatch(/asked for by ann[\s\S]*1\srecord: 1 stored/)
  await page.locator('[data-testid="letter-case"][data-state="resolved"]').waitFor()
  expect(await letter.innerText()).toMatch(/Attempt 1 by ann[\s\S]*stored/)
  await page.keyboard.press('Escape')
  await page.locator('[data-testid="feed-row"][data-event-id="mend-me"]').waitFor()
  await page.close()
})

it('refuses in its dry run what cannot succeed, and gives up by name and reason', async () => {
  const page = await openWork()
  await page.getByRole('button', { name: 'NOT_JSON', exact: true }).click()
  const plan = page.getByTestId('plan')
  await plan.getByRole('button', { name: 'Dry run' }).click()
  await plan.getByText(/3 records, 3 would fail again/).waitFor()
  expect(await plan.getByRole('button', { name: /^Send/ }).count()).toBe(0)
  await plan.getByRole('button', { name: 'Discard…' }).click()
  const discard = plan.getByRole('button', { name: /Discard 3 dead letters/ })
  expect(await discard.isDisabled()).toBe(true)
  await plan.getByLabel('Why').fill('a test of ours')
  await discard.click()
  await eventually('none is open', async () => (await openOf(page, 'NOT_JSON')) === '0')
  await page.close()
})

it('cancels a redrive that is under way', async () => {
  const page = await openWork()
  const conflicts = Array.from({ length: 30 }, (_, i) => ({ ...event(`later-${i}`), timestamp: 'soon' }))
  await sendRecords(
    stack,
    conflicts.map((each) => JSON.stringify(each)),
  )
  await eventually('they are put aside', async () => (await openOf(page, 'EVENT_INVALID')) === '30')
  const { deadLetters } = await stack.get<{ deadLetters: { id: number; code: string; text: string }[] }>(
    '/api/dead-letters?code=EVENT_INVALID&state=open&limit=50',
  )
  const fixes = deadLetters.map(({ id, text }) => ({ id, text: text.replace('"soon"', JSON.stringify(new Date())) }))
  const body = { code: 'EVENT_INVALID', fixes, perSecond: 1, by: 'ann' }
  const begun = await fetch(`${stack.dashboard}/api/redrives`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(begun.status).toBe(201)
  const running = page.locator('[data-testid="redrive"][data-state="running"]')
  await running.getByRole('button', { name: 'Cancel' }).click()
  const cancelled = page.locator('[data-testid="redrive"][data-state="cancelled"]')
  await cancelled.waitFor()
  expect(await cancelled.innerText()).toMatch(/30\srecords: [\s\S]*cancelled/)
  await page.close()
})

it('opens a dead letter of the list by Enter, and tells its way', async () => {
  const page = await browser.newPage()
  await page.goto(stack.dashboard)
  await page.getByTestId('dead-letter-row').first().focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('letter-case').waitFor()
  await page.locator('[data-testid="journey"][data-outcome="dead-letter"]').waitFor()
  expect(new URL(page.url()).search).toMatch(/^\?letters=\d+$/)
  await page.close()
})
