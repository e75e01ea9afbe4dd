// The page for everyone: no violation of WCAG 2.2 AA that a machine can find, no mouse needed, no width too small.
import axe from 'axe-core'
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
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(stack.dashboard)
  await state('empty').waitFor()
})
afterEach(async () => {
  await page.close()
  await stack.kill()
})

const state = (kind: string) => page.locator(`[data-testid="verdict"][data-kind="${kind}"]`)

/** What axe finds in both themes, as text that names the place. */
async function violations(what: string): Promise<string[]> {
  await page.evaluate(axe.source)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const results = await page.evaluate<axe.AxeResults>(
      "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
    )
    for (const { id, nodes } of results.violations)
      found.push(...nodes.map(({ html, failureSummary }) => `${what}, ${colorScheme}: ${id} ${html} ${failureSummary}`))
  }
  return found
}

async function fill(): Promise<void> {
  await sendRecords(stack, ['not json', '{"event_id":"x"}'])
  await post(
    stack,
    Array.from({ length: 60 }, (_, i) => event(`e-${i}`)),
  )
  await page.getByTestId('feed-row').nth(49).waitFor()
  await page.getByTestId('dead-letter-row').nth(1).waitFor()
}

it('has no violations: empty, filled, paused, with the details of a row', async () => {
  const found = await violations('empty')
  await fill()
  found.push(...(await violations('filled')))
  await page.keyboard.press('j')
  found.push(...(await violations('paused')))
  await page.keyboard.press('Enter')
  found.push(...(await violations('details')))
  expect(found).toEqual([])
})

it('has no violations: as a table, with the list of keys, disconnected', async () => {
  await fill()
  await page.keyboard.press('t')
  const found: string[] = []
  found.push(...(await violations('as a table')))
  await page.keyboard.press('?')
  found.push(...(await violations('keys')))
  await page.keyboard.press('Escape')
  await stack.kill()
  await state('disconnected').waitFor()
  found.push(...(await violations('disconnected')))
  expect(found).toEqual([])
})

it('has no violations: stuck, and in the workbench of dead letters', async () => {
  await fill()
  const found: string[] = []
  const response = await fetch(`${stack.dashboard}/api/local/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault: 'slow-store', on: true }),
  })
  expect(response.status).toBe(202)
  // Something has to wait for the store.
  await post(stack, event('waits'))
  await state('stuck').waitFor()
  found.push(...(await violations('stuck')))
  await page.locator('[data-event-id="waits"]').waitFor({ timeout: 60_000 })

  await page.getByRole('button', { name: 'Work on them' }).click()
  await page.getByTestId('letter-group').first().waitFor()
  found.push(...(await violations('workbench')))
  await page.getByRole('button', { name: /MISSING_FIELDS: / }).click()
  await page.getByTestId('letter-case').waitFor()
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.getByTestId('plan-sentence').waitFor()
  await page.getByRole('button', { name: 'Discard…' }).click()
  found.push(...(await violations('a dead letter')))
  expect(found).toEqual([])
})

it('fits a width of 320 px without scrolling sideways, and has no violations there', async () => {
  await page.setViewportSize({ width: 320, height: 640 })
  await fill()
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
  expect(await violations('320 px')).toEqual([])
})

it('is used by keyboard alone', async () => {
  await fill()
  const feed = page.getByTestId('feed')
  const focusedSeq = () => page.evaluate<string | null>("document.activeElement.getAttribute('data-seq')")
  await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the events')

  await page.keyboard.press('j')
  const first = Number(await focusedSeq())
  await page.keyboard.press('j')
  expect(Number(await focusedSeq())).toBe(first - 1)
  await page.keyboard.press('k')
  expect(Number(await focusedSeq())).toBe(first)
  expect(await feed.getAttribute('data-paused')).toBe('true')
  await post(stack, event('while-reading'))
  await eventually('what came is counted', async () => /1 new/.test(await feed.innerText()))
  expect(Number(await focusedSeq())).toBe(first)
  await page.keyboard.press('Escape')
  await page.locator('[data-event-id="while-reading"]').waitFor()

  await page.keyboard.press(' ')
  expect(await feed.getAttribute('data-paused')).toBe('true')
  await page.keyboard.press(' ')
  expect(await feed.getAttribute('data-paused')).toBe('false')
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
})
