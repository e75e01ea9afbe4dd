// Measures what a mapping adds to a record's way: from the moment kafkajs hands over what it fetched to the moment the handler begins.
//
//   npm run bench:mapping-latency -- [--rounds 3] [--seconds 10] [--rate 1000]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import type { LatencyResult } from './mapping-latency-side.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, seconds: { type: 'string' }, rate: { type: 'string' } },
})
const rounds = Number(values.rounds ?? 3)
const seconds = Number(values.seconds ?? 10)
const rate = Number(values.rate ?? 1_000)

const partitions = 3
/** Before what is measured: code that is not warm yet says nothing of a pipeline that runs for days. */
const warmUpSeconds = 2
const produceEveryMs = 5

const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
const broker = await startBrokerProcess(folder)
const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
const admin = kafka.admin()
const producer = kafka.producer()
try {
  await Promise.all([admin.connect(), producer.connect()])
  console.log(`${rate} records/s for ${seconds} s after ${warmUpSeconds} s of warming up; ms, p50 / p99 / max`)
  const heads = ['hand-over -> handler begins', 'until the batch is cut', 'the rest', 'µs of CPU a record']
  console.log(heads.map((head, column) => ' '.repeat(column === 0 ? 25 : 0) + head.padEnd(30)).join(''))
  for (let round = 1; round <= rounds; round += 1) {
    await measure(round, '0')
    await measure(round, 'default')
  }
} finally {
  await Promise.all([admin.disconnect(), producer.disconnect()])
  await endProcess(broker.child, 'SIGTERM')
  rmSync(folder, { recursive: true })
}

async function measure(round: number, window: '0' | 'default'): Promise<void> {
  const topic = `latency-${window}-${round}`
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
  const count = rate * (warmUpSeconds + seconds)
  const { waited, total, cpuMicros } = await sideOf(topic, count, window)
  const from = rate * warmUpSeconds
  const rest = total.map((ms, index) => ms - (waited[index] ?? 0))
  const shown = [...[total, waited, rest].map((each) => figures(each.slice(from))), cpuMicros.toFixed(0)]
  console.log(
    `round ${round}, window ${window === '0' ? '0     ' : '500 ms'}   ${shown.map((one) => one.padEnd(30)).join('')}`,
  )
}

async function sideOf(topic: string, count: number, window: string): Promise<LatencyResult> {
  const args = ['local/run.mjs', 'test/bench/mapping-latency-side.ts', broker.bootstrap, topic, String(count), window]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  let producing: Promise<void> | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) {
      await producing
      return JSON.parse(line) as LatencyResult
    }
    producing ??= produce(topic, count)
  }
  throw new Error('the mapping ended before it had handled every record')
}

async function produce(topic: string, count: number): Promise<void> {
  const from = performance.now()
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - from) * rate) / 1000))
    const messages = Array.from({ length: due - sent }, (_, index) => event(sent + index))
    if (messages.length > 0) await producer.send({ topic, messages })
    sent = due
    await sleep(produceEveryMs)
  }
}

/** About 230 bytes, on each partition in turn. */
function event(index: number): { partition: number; key: string; value: string } {
  const value = JSON.stringify({
    event_id: `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`,
    event_type: 'purchase',
    user_id: 1_000 + (index % 9_000),
    product_id: index % 500,
    amount: (index % 50_000) / 100,
    timestamp: '2026-05-01T12:00:00.000000',
    region: 'AU-NSW',
    padding: 'x'.repeat(35),
  })
  return { partition: index % partitions, key: String(index % 9_000), value }
}

function figures(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2)
  return `${at(0.5)} / ${at(0.99)} / ${at(1)}`
}
