// The page behind a token: nobody sees it without, and with it everything works as it does without one.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'

const token = 'a-token-of-the-browser-test'

let browser: Browser
let stack: LocalStack

beforeAll(async () => {
  browser = await launchBrowser()
  stack = await startLocalStack(freshDirectory(), ['--token', token])
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

it('asks for the token, refuses a wrong one, and comes back to the address that was asked for', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${stack.dashboard}/?type=view`)
  expect(await page.getByTestId('feed').count()).toBe(0)
  await page.getByLabel(/token/).fill('not-the-token-of-this-stack')
  await page.getByRole('button').click()
  await page.getByRole('alert').getByText(/token/).waitFor()
  expect(await page.getByTestId('feed').count()).toBe(0)
  await page.getByLabel(/token/).fill(token)
  await page.getByRole('button').click()
  await page.getByTestId('feed-row').first().waitFor()
  expect(new URL(page.url()).search).toBe('?type=view')
  await context.close()
})

it('takes the token from the link that is printed, keeps it off the address, and reads and writes with a cookie', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${stack.dashboard}/?token=${token}`)
  await page.getByTestId('feed-row').first().waitFor()
  expect(page.url()).not.toContain(token)
  expect(await page.evaluate('document.cookie')).toBe('')

  await page.getByTestId('fault-bad-record').getByRole('button').click()
  await page.getByTestId('dead-letter-row').first().waitFor()
  await page.reload()
  await page.getByTestId('feed-row').first().waitFor()
  await context.close()
})
