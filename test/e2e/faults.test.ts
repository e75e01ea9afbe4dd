// What the page shows when something is broken on purpose: the harm, and then the healing, with nothing lost or doubled.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Health, Summary } from '../../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'

/** A busy machine heals slowly too. */
const patienceMs = 90_000

let browser: Browser
let stack: LocalStack
let page: Page

beforeAll(async () => {
  browser = await launchBrowser()
  stack = await startLocalStack(freshDirectory(), ['--rate', '5'])
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  page.setDefaultTimeout(patienceMs)
  await page.goto(stack.dashboard)
  await verdict('flowing')
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

const verdict = (kind: string) => page.locator(`[data-testid="verdict"][data-kind="${kind}"]`).waitFor()
const fault = (name: string) => page.getByTestId(`fault-${name}`)
const summary = () => stack.get<Summary>('/api/summary')

async function press(name: string): Promise<void> {
  await fault(name).getByRole('button').click()
}

/** All that Kafka holds is accounted for, each record once, and the page says so. */
async function healed(): Promise<void> {
  await eventually(
    'no fault is on',
    async () => (await page.locator('[data-testid^="fault-"][data-on="true"]').count()) === 0,
    patienceMs,
  )
  await verdict('flowing')
  await eventually(
    'nothing waits, and the account balances',
    async () => {
      const { lag, balanced } = await summary()
      return balanced && lag.messages !== null && lag.messages < 50
    },
    patienceMs,
  )
}

it('puts a bad record aside, and goes on', async () => {
  await press('bad-record')
  const letter = page.getByTestId('dead-letter-row').filter({ hasText: 'sent on purpose' })
  await letter.waitFor()
  expect(await letter.innerText()).toContain('NOT_JSON')
  await healed()
})

it('works a burst off, and counts each of its events', async () => {
  const before = (await summary()).events
  await press('burst')
  await eventually('all of it is stored', async () => (await summary()).events >= before + 20_000, patienceMs)
  await eventually(
    'the feed says that it samples',
    async () => /rows were counted, not drawn/.test(await page.getByTestId('feed').innerText()),
    patienceMs,
  )
  await healed()
})

it('says where it is stuck while the store is held, and loses nothing', async () => {
  await press('slow-store')
  await verdict('stuck')
  expect(await page.getByTestId('verdict').innerText()).toContain('STORE_BUSY')
  await healed()
})

it('stores once what is delivered again after a crash between write and commit', async () => {
  const redelivered = async () => {
    const { accounts } = await stack.get<Health>('/api/health')
    return accounts.reduce((sum, account) => sum + account.redelivered, 0)
  }
  const before = await redelivered()
  await press('crash')
  await eventually(
    'the mapping tells of the crash',
    async () => /ExitError/.test(await page.getByTestId('mapping').innerText()),
    patienceMs,
  )
  await eventually('it was delivered again', async () => (await redelivered()) > before, patienceMs)
  await healed()
})

it('names the partition that a poison record holds up, and goes on once it is healed by hand', async () => {
  await press('poison')
  await verdict('stuck')
  expect(await page.getByTestId('verdict').innerText()).toMatch(/retail-events-\d[\s\S]*PoisonedBatch/)
  await fault('poison')
    .getByRole('button', { name: /Heal now/ })
    .click()
  await healed()
})

it('goes on where it was when the broker comes back', async () => {
  const { events } = await summary()
  await press('broker-restart')
  await eventually(
    'it says that it is away',
    async () => (await fault('broker-restart').getAttribute('data-on')) === 'true',
  )
  await eventually('events come again', async () => (await summary()).events > events + 20, patienceMs)
  await healed()
})

it('never shows a silent producer as health', async () => {
  await press('producer')
  await verdict('producer-stopped')
  await page.getByTestId('verdict').getByRole('button', { name: 'Start the producer' }).click()
  await healed()
})
