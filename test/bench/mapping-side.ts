// One side of the mapping's benchmark, in a process of its own: kafkajs alone, or a mapping whose function counts.
import { Kafka, logLevel } from 'kafkajs'
import type { KafkaEvent } from '../../functions/lambda/kafka-event.ts'
import { startMapping } from '../../local/event-source-mapping/mapping.ts'

export interface DrainResult {
  /** µs of CPU per record, without those of the two below. */
  cpuMicros: number
  /** What parsing the event costs an execution environment. */
  parseMicros: number
  /** What decoding base64 and JSON costs a handler. */
  handlerMicros: number
  perSecond: number
}

export interface DelayResult {
  /** ms */
  p50: number
  p99: number
}

const [side, bootstrap = '', topic = '', countText, group = ''] = process.argv.slice(2)
const count = Number(countText)
const isDrain = topic === 'drain'

/** Of every record that was handled, ms since it was produced; of a drain nothing. */
const delays: number[] = []
const apart = { parse: 0, handler: 0 }
let handled = 0
let finished = (): void => {}
const whenAll = new Promise<void>((resolve) => {
  finished = resolve
})

const cpu = process.cpuUsage()
const from = performance.now()
if (side === 'kafkajs') await consume()
else await map()

async function consume(): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      if (!isDrain) for (const { value } of batch.messages) delays.push(Date.now() - Number(value))
      note(batch.messages.length)
    },
  })
  await whenAll
  report()
  await consumer.disconnect()
}

async function map(): Promise<void> {
  const mapping = await startMapping({
    uuid: group,
    settings: {
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap] } },
      Topics: [topic],
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 0,
      StartingPosition: 'TRIM_HORIZON',
    },
    async invoke(text) {
      const event = timed('parse', () => JSON.parse(text) as KafkaEvent)
      note(timed('handler', () => handle(event)))
      return { kind: 'ok', payload: 'null' }
    },
    emit() {},
  })
  await whenAll
  report()
  await mapping.stop()
}

function handle(event: KafkaEvent): number {
  const records = Object.values(event.records).flat()
  for (const { value } of records) {
    const text = Buffer.from(value ?? '', 'base64').toString()
    if (isDrain) JSON.parse(text)
    else delays.push(Date.now() - Number(text))
  }
  return records.length
}

function timed<T>(name: keyof typeof apart, work: () => T): T {
  const before = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(before)
  apart[name] += user + system
  return result
}

function note(records: number): void {
  handled += records
  if (handled >= count) finished()
}

function report(): void {
  const used = process.cpuUsage(cpu)
  const perSecond = (count * 1000) / (performance.now() - from)
  // The first fifth is of code that is not warm, and perhaps of a group that was not there yet.
  const sorted = delays.slice(count / 5).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
  const drain: DrainResult = {
    cpuMicros: (used.user + used.system - apart.parse - apart.handler) / count,
    parseMicros: apart.parse / count,
    handlerMicros: apart.handler / count,
    perSecond,
  }
  console.log(JSON.stringify(isDrain ? drain : ({ p50: at(0.5), p99: at(0.99) } satisfies DelayResult)))
}
