// What a filter over a large store does to those who produce: acknowledgements alone, and while a filter runs without end.
//
//   node local/run.mjs test/bench/produce.ts [--store sqlite:FILE] [--events 300000] [--seconds 8]
//
// The stack runs on the store that is named, which gains some thousand events; without one a temporary store is filled.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import type { z } from 'zod'
import type { eventsPageSchema } from '../../functions/api/schemas.ts'
import { openStore } from '../../functions/store/open.ts'
import { eventually, type LocalStack, startLocalStack } from '../local-stack.ts'
import { fill, group, topic } from './store-load.ts'
import { spread } from './store-queries.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    events: { type: 'string', default: '300000' },
    seconds: { type: 'string', default: '8' },
  },
})
const seconds = Number(values.seconds)
/** Far from what the machine can take: it is waiting that is measured. */
const producedPerSecond = 50
const postedPerSecond = 20

const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-produce-'))
const stack = await startLocalStack(folder, ['--no-producer', '--store', values.store ?? (await filledStore())])
const producer = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING }).producer()
let sent = 0
try {
  await producer.connect()
  await measure('warming up', 2)
  // The first batch reads what a large store needs in memory.
  await eventually('all of it is stored', isAllStored, 120_000)
  const rows = [
    await measure('alone', seconds),
    await besideFilter(() => measure('beside a filter', seconds)),
    await measure('alone again', seconds),
  ]
  console.table(Object.assign({}, ...rows))
} finally {
  await producer.disconnect()
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function isAllStored(): Promise<boolean> {
  const { mappings } = await stack.get<{ mappings: MappingState[] }>('/api/local/mappings')
  const partitions = mappings.find(({ consumerGroupId }) => consumerGroupId === group)?.partitions ?? []
  // All of it has one key, so it lies in one partition; the others have nothing to commit.
  return partitions.some(({ lag }) => lag === 0) && partitions.every(({ lag }) => lag === 0 || lag === null)
}

interface MappingState {
  consumerGroupId: string
  partitions: { lag: number | null }[]
}

async function filledStore(): Promise<string> {
  const url = `sqlite:${join(folder, 'filled.db')}?synchronous=normal`
  const store = await openStore(url)
  await fill(store, { from: 0, to: Number(values.events), batchSize: 1_000 })
  await store.close()
  return url
}

type Times = Record<string, Record<string, string>>

async function measure(what: string, forSeconds: number): Promise<Times> {
  const [produced, posted] = await Promise.all([
    atRate(producedPerSecond, forSeconds, () => produce(producer)),
    atRate(postedPerSecond, forSeconds, () => post(stack)),
  ])
  return { [`Kafka's acknowledgement, ${what}`]: inMs(produced), [`POST /api/events, ${what}`]: inMs(posted) }
}

/** Begins at an even rate, whether or not what was begun before is over. Answers ms for each. */
async function atRate(perSecond: number, forSeconds: number, work: () => Promise<void>): Promise<number[]> {
  const startMs = performance.now()
  const times = Array.from({ length: perSecond * forSeconds }, async (_, n) => {
    const dueMs = startMs + (n * 1_000) / perSecond
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()))
    const begunMs = performance.now()
    await work()
    return performance.now() - begunMs
  })
  return Promise.all(times)
}

function event() {
  const id = `bench-produce-${Date.now()}-${sent++}`
  return { event_id: id, event_type: 'view', user_id: 4242, amount: 1, timestamp: new Date().toISOString() }
}

async function produce(producer: Producer): Promise<void> {
  await producer.send({ topic, acks: -1, messages: [{ key: '4242', value: JSON.stringify(event()) }] })
}

async function post({ dashboard }: LocalStack): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${dashboard}/api/events`, { method: 'POST', headers, body: JSON.stringify(event()) })
  if (answer.status !== 200) throw new Error(`POST /api/events: ${answer.status} ${await answer.text()}`)
  await answer.body?.cancel()
}

/** A filter that finds nothing, over all of the store again and again while `work` goes on. */
async function besideFilter<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  let isOver = false
  let answers = 0
  async function search(): Promise<void> {
    for (let before = ''; !isOver; answers++) {
      const page = await stack.get<z.infer<typeof eventsPageSchema>>(`/api/events?user_id=-1${before}`)
      before = page.searched?.isEnd ? '' : `&before=${page.cursor}`
    }
  }
  const searching = search()
  const answer = await work()
  isOver = true
  await searching
  console.log(`${answers} answers of the filter over ${group} meanwhile, each over at most 100,000 rows`)
  return answer
}

function inMs(times: number[]): Record<string, string> {
  const { p50, p99, max } = spread(times)
  return { p50: p50.toFixed(1), p99: p99.toFixed(1), max: max.toFixed(1), times: String(times.length) }
}
