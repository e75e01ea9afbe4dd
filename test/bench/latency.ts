// Produced to painted: from the producer's clock to the end of the first frame that shows the event's cursor.
//
// `npm run bench:latency [-- RATE...]` starts the local stack and a headless Chromium, sends events at each rate and
// prints p50 and p99 over all acknowledged events, those that no feed row drew included.
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import type { Page } from 'playwright-core'
import type { EventRow } from '../../functions/api/schemas.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { launchBrowser } from '../e2e/browser.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'

const seconds = 15
/** The first events meet cold code; they are sent but not counted. */
const warmUpSeconds = 3
const tickMs = 10

type Frame = { cursor: number; paintedMs: number }

async function measure(rate: number): Promise<void> {
  const stack = await startLocalStack(freshDirectory(), ['--no-producer'])
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    await page.goto(stack.dashboard)
    await page.getByTestId('verdict').waitFor()
    await page.evaluate(`{${frameWatcher}}`)
    await eventually('every mapping reads', async () => {
      const { mappings } = await stack.get<{ mappings: { membership: { joined: boolean } }[] }>('/api/local/mappings')
      return mappings.length === pipeline.mappings.length && mappings.every(({ membership }) => membership.joined)
    })
    const produced = await produce(stack, rate)
    await eventually('everything is painted', async () => {
      const events = await stack.get<{ events: EventRow[] }>('/api/events?limit=1')
      return (await lastFrame(page))?.cursor === events.events[0]?.seq && (await countEvents(stack)) === produced.size
    })
    report(rate, produced, await storedRows(stack), await framesOf(page))
  } finally {
    await browser.close()
    await stack.stop()
  }
}

/**
 * Runs in the page. The page changes its cursor inside an animation frame; a task posted from there runs once that
 * frame is done.
 */
const frameWatcher = `
  const frames = (window.frameLog = [])
  const main = document.querySelector('[data-cursor]')
  const channel = new MessageChannel()
  channel.port1.onmessage = ({ data }) => {
    frames.push({ cursor: data, paintedMs: performance.timeOrigin + performance.now() })
  }
  new MutationObserver(() => channel.port2.postMessage(Number(main.dataset.cursor))).observe(main, {
    attributeFilter: ['data-cursor'],
  })`

function framesOf(page: Page): Promise<Frame[]> {
  return page.evaluate('window.frameLog')
}

function lastFrame(page: Page): Promise<Frame | undefined> {
  return page.evaluate('window.frameLog.at(-1)')
}

/** Sends events as they fall due. Answers the moment each acknowledged one was made, by id, warm-up included. */
async function produce(stack: LocalStack, rate: number): Promise<Map<string, number>> {
  const kafka = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const produced = new Map<string, number>()
  const sending: Promise<unknown>[] = []
  const start = Date.now()
  let count = 0
  while (count < rate * (seconds + warmUpSeconds)) {
    const due = Math.floor(((Date.now() - start) / 1000) * rate)
    const batch = Array.from({ length: due - count }, (_, i) => made(`${rate}-${count + i}`))
    count = Math.max(count, due)
    if (batch.length > 0) {
      const messages = batch.map((event) => ({ key: String(event.user_id), value: JSON.stringify(event) }))
      const acknowledge = () => {
        for (const event of batch) produced.set(event.event_id, Date.parse(event.timestamp))
      }
      sending.push(producer.send({ topic: 'retail-events', acks: -1, messages }).then(acknowledge))
    }
    await new Promise((resolve) => setTimeout(resolve, tickMs))
  }
  await Promise.all(sending)
  await producer.disconnect()
  return produced
}

function made(id: string) {
  const user = 1000 + (Number(id.split('-')[1]) % 9000)
  return {
    event_id: id,
    event_type: 'view',
    user_id: user,
    product_id: 17,
    amount: 12.5,
    timestamp: new Date().toISOString(),
    region: 'AU-NSW',
  }
}

async function countEvents(stack: LocalStack): Promise<number> {
  return (await stack.get<{ events: number }>('/api/summary')).events
}

async function storedRows(stack: LocalStack): Promise<Map<string, EventRow>> {
  const rows = new Map<string, EventRow>()
  for (let cursor = '0'; ; ) {
    const page = await stack.get<{ events: EventRow[]; cursor: string }>(`/api/events?after=${cursor}&limit=1000`)
    if (page.events.length === 0) return rows
    for (const event of page.events) rows.set(event.event_id, event)
    cursor = page.cursor
  }
}

function report(rate: number, produced: Map<string, number>, rows: Map<string, EventRow>, frames: Frame[]): void {
  const stored: number[] = []
  const painted: number[] = []
  const paintedBySecond: number[][] = []
  const [firstMs = 0] = produced.values()
  const countedFrom = firstMs + warmUpSeconds * 1000
  for (const [id, producedMs] of produced) {
    const row = rows.get(id)
    if (!row) throw new Error(`${id} was acknowledged but is not stored`)
    const frame = frames.find(({ cursor }) => cursor >= row.seq)
    if (!frame) throw new Error(`${id} was never painted`)
    if (producedMs < countedFrom) continue
    stored.push(Date.parse(row.processed_at) - producedMs)
    painted.push(frame.paintedMs - producedMs)
    const second = Math.floor((producedMs - countedFrom) / 1000)
    paintedBySecond[second] = [...(paintedBySecond[second] ?? []), frame.paintedMs - producedMs]
  }
  console.log(`${rate}/s  produced -> stored  ${quantiles(stored)}   produced -> painted  ${quantiles(painted)}`)
  console.log(`${''.padEnd(String(rate).length)}    ${painted.length} events, ${frames.length} frames`)
  // On a shared machine one stall decides the p99 of the whole; the seconds tell a stall from a slow path.
  console.log(`${''.padEnd(String(rate).length)}    painted p99 of each second: ${paintedBySecond.map(p99).join(' ')}`)
}

function p99(values: number[]): string {
  return (values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN).toFixed(0)
}

function quantiles(values: number[]): string {
  values.sort((a, b) => a - b)
  const at = (share: number) => (values[Math.floor(values.length * share)] ?? Number.NaN).toFixed(1)
  return `p50 ${at(0.5)}  p99 ${at(0.99)}  max ${values.at(-1)?.toFixed(1)} ms`
}

const rates = process.argv.slice(2).map(Number)
for (const rate of rates.length > 0 ? rates : [100, 1_000]) await measure(rate)
