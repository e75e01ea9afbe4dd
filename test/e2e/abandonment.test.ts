// A spike of abandoned carts, as the page tells it: found, answered with offers, and over.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'

/** The scenario takes less than a minute on a machine that has time for it. */
const patienceMs = 150_000

let browser: Browser
let stack: LocalStack

beforeAll(async () => {
  browser = await launchBrowser()
  stack = await startLocalStack(freshDirectory(), ['--scenario', 'abandonment-spike'])
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

interface Told {
  incidents: { closedAt: string | null; offers: number; published: number }[]
}

it('shows the spike while it lasts, the offers that were sent, and the recovery', async () => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  page.setDefaultTimeout(patienceMs)
  await page.goto(stack.dashboard)
  const panel = page.getByTestId('abandonment')
  await panel.getByRole('row', { name: /Spike: / }).waitFor()
  const incident = panel.locator('.incident').last()
  await incident.getByText(/ to now:/).waitFor()
  await incident.getByText(/[1-9][\d\s]* offers made, [1-9][\d\s]* sent to discount-offers\./).waitFor()
  await incident.getByText(/ to \d\d:\d\d:\d\d:/).waitFor()

  const [first] = (await stack.get<Told>('/api/abandonment')).incidents.slice(-1)
  expect(first?.closedAt).not.toBeNull()
  expect(first?.offers).toBeGreaterThan(0)
  expect(first?.published).toBe(first?.offers)
  await page.close()
})
