// From falling due to published: how long an offer takes at 1,000 events/s, and what that costs the shop's own consumer.
//
// `npm run bench:offers [-- RATE]` starts the local stack with the rules of the scenario `abandonment-spike`, plays half a
// minute of it with a spike in the middle, and prints p50 and p99. A cart falls due when the watermark passes its deadline,
// which is when every partition has had a record from `latenessMs` after it: at this rate some milliseconds after that moment.
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import type { Abandonment } from '../../functions/api/schemas/abandonment.ts'
import type { EventRow } from '../../functions/api/schemas.ts'
import { orderedStory } from '../../functions/producer/story.ts'
import { retail } from '../../functions/retail/business.ts'
import { spike } from '../../functions/retail/journeys.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { usage } from './usage.ts'

const scenario = 'abandonment-spike'
const rate = Number(process.argv[2] ?? 1_000)
/** Enough for a baseline. */
const secondsBefore = 12
const tickMs = 10

interface MappingState {
  function: string
  membership: { joined: boolean }
  metrics: Record<string, number>
}

const stack = await startLocalStack(freshDirectory(), ['--scenario', scenario, '--no-producer'])
try {
  const mappings = async () => (await stack.get<{ mappings: MappingState[] }>('/api/local/mappings')).mappings
  await eventually('every mapping reads', async () => {
    const states = await mappings()
    return states.length === pipeline.mappings.length && states.every(({ membership }) => membership.joined)
  })
  const before = usage(stack.process)
  const sent = await play(stack)
  const told = await eventually('all offers are sent', async () => {
    const answer = await stack.get<Abandonment>('/api/abandonment')
    return Boolean(answer.incidents[0]?.closedAt) && answer.offers.waiting === 0 && answer
  })
  const cpuMicros = ((usage(stack.process).cpuMs - before.cpuMs) * 1_000) / sent
  console.log(
    `${sent} events at ${rate}/s, ${told.offers.published} offers, ${cpuMicros.toFixed(0)} CPU µs per event in all`,
  )
  for (const [step, times] of Object.entries(told.latency)) {
    console.log(`  ${step.padEnd(8)} p50 ${times?.p50Ms}  p99 ${times?.p99Ms}  max ${times?.maxMs} ms`)
  }
  for (const { function: name, metrics } of await mappings()) console.log(`  ${name}: ${JSON.stringify(metrics)}`)
  console.log(`  the shop's events, produced to stored: ${quantiles(await storedMs(stack))}`)
} finally {
  await stack.stop()
}

/** Sends the story's events as they fall due, until the carts of its spike have fallen due. Answers how many. */
async function play({ kafka }: LocalStack): Promise<number> {
  const producer = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const startMs = Date.now()
  const { ABANDON_AFTER_MS, ABANDON_LATENESS_MS, ABANDON_WINDOW_MS } = pipeline.scenarios[scenario].variables
  const originMs = startMs + secondsBefore * 1_000 - spike.fromMs
  // Until the incident is closed: in silence, carts fall due by the timer of a second instead.
  const afterMs = Number(ABANDON_AFTER_MS) + Number(ABANDON_LATENESS_MS) + 20 * Number(ABANDON_WINDOW_MS)
  const endMs = originMs + spike.toMs + afterMs
  const told = retail.simulation.stories[scenario]({ seed: 'bench', originMs, fromMs: startMs, eventsPerSecond: rate })
  const story = orderedStory(told, endMs)
  const sending: Promise<unknown>[] = []
  let sent = 0
  while (Date.now() < endMs) {
    const messages = story.take(Date.now(), 10_000).map(({ key, event }) => ({ key, value: JSON.stringify(event) }))
    sent += messages.length
    if (messages.length > 0) sending.push(producer.send({ topic: pipeline.shop.topic, acks: -1, messages }))
    await sleep(tickMs)
  }
  await Promise.all(sending)
  await producer.disconnect()
  return sent
}

async function storedMs({ get }: LocalStack): Promise<number[]> {
  const times: number[] = []
  for (let cursor = '0'; ; ) {
    const page = await get<{ events: EventRow[]; cursor: string }>(`/api/events?after=${cursor}&limit=1000`)
    if (page.events.length === 0) return times
    for (const event of page.events) times.push(Date.parse(event.processed_at) - Date.parse(event.timestamp))
    cursor = page.cursor
  }
}

function quantiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]
  return `p50 ${at(0.5)}  p99 ${at(0.99)}  max ${sorted.at(-1)} ms`
}
