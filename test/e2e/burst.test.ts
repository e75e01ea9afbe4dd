// Ten times what the page is made for: it samples and says so, and no count is off by one.
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventRow } from '../../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { launchBrowser } from './browser.ts'
import { event } from './shop.ts'

const perSecond = 10_000
const seconds = 5
const tickMs = 20
/** A busy machine takes its time; nothing here depends on how long. */
const patienceMs = 100_000

let browser: Awaited<ReturnType<typeof launchBrowser>>
let stack: LocalStack

beforeAll(async () => {
  browser = await launchBrowser()
  stack = await startLocalStack(freshDirectory(), ['--no-producer'])
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

/** Sends at an even pace, as far as the machine keeps up; answers how many were acknowledged. */
async function flood(): Promise<number> {
  const kafka = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const perTick = (perSecond * tickMs) / 1000
  const sending: Promise<unknown>[] = []
  for (let tick = 0; tick < (seconds * 1000) / tickMs; tick++) {
    const messages = Array.from({ length: perTick }, (_, i) => {
      const made = event(`flood-${tick * perTick + i}`, { user_id: 1_000 + (i % 9_000) })
      return { key: String(made.user_id), value: JSON.stringify(made) }
    })
    sending.push(producer.send({ topic: 'retail-events', acks: -1, messages }))
    await new Promise((resolve) => setTimeout(resolve, tickMs))
  }
  await Promise.all(sending)
  await producer.disconnect()
  return sending.length * perTick
}

it('counts a flood exactly, shows each row once, and says what it did not draw', async () => {
  const page = await browser.newPage()
  await page.goto(stack.dashboard)
  await page.getByTestId('verdict').waitFor()
  const sent = await flood()
  const words = sent.toLocaleString('en-AU')
  await eventually(
    'the page counts all of it',
    async () => (await page.getByTestId('events-per-second').innerText()).includes(`${words} stored in all`),
    patienceMs,
  )
  const { events } = await stack.get<{ events: EventRow[] }>('/api/events?limit=50')
  await eventually('it has come to the end', async () =>
    (await page.getByTestId('seen').innerText()).includes(Number(events[0]?.seq).toLocaleString('en-AU')),
  )
  const shown = () =>
    page.getByTestId('feed-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-event-id')))
  await eventually('the newest rows are shown, each once', async () => {
    expect(await shown()).toEqual(events.map(({ event_id }) => event_id))
    return true
  })
  // The rows that were drawn and those that were only counted are all there were.
  const hint = /([\d,]+) rows were counted, not drawn/.exec(await page.getByTestId('feed').innerText())?.[1] ?? '0'
  expect(Number(hint.replaceAll(',', ''))).toBeGreaterThan(0)
  expect(Number(hint.replaceAll(',', ''))).toBeLessThan(sent)
})
