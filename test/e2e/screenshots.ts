// Takes the pictures of the dashboard in docs/ from the real local stack: `node local/run.mjs test/e2e/screenshots.ts`.
//
// Five minutes of it fill the charts; `[SECONDS]` fills them for less.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { Kafka, logLevel } from 'kafkajs'
import type { Browser, Page } from 'playwright-core'
import { root } from '../../local/runtime/bundle-entry.mjs'
import { freshDirectory, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'

const laptop = { width: 1440, height: 900 }
const wall = { width: 2560, height: 1440 }
const phone = { width: 390, height: 844 }
const badRecords = [
  '{"event_id":"order-17","event_type":"purchase","user_id":4242,"timestamp":"2026-05-01T12:00:00"}',
  '{"event_id":"order-18","event_type":"refund","user_id":4242,"amount":19.9,"timestamp":"2026-05-01T12:00:00"}',
  '{"event_id":"order-19","event_type":"purch',
  '{"event_id":"order-20","event_type":"purchase","user_id":4242,"amount":"19,90","timestamp":"2026-05-01T12:00:00"}',
]

async function takeAll(browser: Browser, fillSeconds: number): Promise<void> {
  await takeEmpty(browser)
  const directory = freshDirectory()
  const stack = await startLocalStack(directory, ['--rate', '40', '--seed', '7'])
  try {
    const page = await openPage(browser, stack.dashboard)
    await sendBadRecords(stack.kafka, fillSeconds)
    await shown(page, 'flowing')
    await take(page, 'dashboard')
    await page.emulateMedia({ colorScheme: 'dark' })
    await take(page, 'dashboard-dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize(wall)
    await take(page, 'dashboard-wall')
    await page.setViewportSize(phone)
    await take(page, 'dashboard-phone')
    await page.setViewportSize(laptop)
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByTestId('journey').waitFor()
    await take(page, 'dashboard-record')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Work on them' }).click()
    await page.getByRole('button', { name: /MISSING_FIELDS: / }).click()
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByTestId('plan-sentence').waitFor()
    await take(page, 'dashboard-work')
    await page.keyboard.press('Escape')
    const release = holdStore(join(directory, 'freshet.db'))
    await shown(page, 'stuck')
    await take(page, 'dashboard-stuck')
    release()
    await shown(page, 'flowing')
    await stack.kill()
    await shown(page, 'disconnected')
    await page.waitForTimeout(4_000)
    await take(page, 'dashboard-disconnected')
    await page.close()
  } finally {
    await stack.kill()
  }
}

async function takeEmpty(browser: Browser): Promise<void> {
  const stack = await startLocalStack(freshDirectory(), ['--no-producer'])
  try {
    const page = await openPage(browser, stack.dashboard)
    await shown(page, 'empty')
    await take(page, 'dashboard-empty')
    await page.close()
  } finally {
    await stack.stop()
  }
}

/** What no shop should send: a few records in the time that fills the charts. */
async function sendBadRecords(broker: string, fillSeconds: number): Promise<void> {
  const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  for (const value of badRecords) {
    await new Promise((resolve) => setTimeout(resolve, (fillSeconds / badRecords.length) * 1000))
    await producer.send({ topic: 'retail-events', messages: [{ key: '4242', value }] })
  }
  await producer.disconnect()
}

/** As another program would that writes to the same file and does not end its transaction. */
function holdStore(file: string): () => void {
  const database = new Database(file)
  database.exec('BEGIN IMMEDIATE')
  return () => database.close()
}

async function openPage(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage({ viewport: laptop, timezoneId: 'Australia/Sydney', colorScheme: 'light' })
  await page.goto(address)
  return page
}

async function shown(page: Page, kind: string): Promise<void> {
  await page.locator(`[data-testid="verdict"][data-kind="${kind}"]`).waitFor({ timeout: 60_000 })
}

async function take(page: Page, name: string): Promise<void> {
  // What changes its size or colours is drawn a moment later.
  await page.waitForTimeout(1_000)
  await page.screenshot({ path: join(root, 'docs', `${name}.png`) })
  console.log(`docs/${name}.png`)
}

const browser = await launchBrowser()
await takeAll(browser, Number(process.argv[2] ?? 300))
await browser.close()
