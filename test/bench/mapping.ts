// Measures what a mapping costs beside kafkajs counting the same topic by itself: CPU per record, and the delay to the handler.
//
//   node local/run.mjs test/bench/mapping.ts [--records 300000] [--rounds 3] [--seconds 5]
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import type { DelayResult, DrainResult } from './mapping-side.ts'

const { values } = parseArgs({
  options: { records: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' } },
})
const records = Number(values.records ?? 300_000)
const rounds = Number(values.rounds ?? 3)
const seconds = Number(values.seconds ?? 5)

const partitions = 3
const sides = ['kafkajs', 'mapping'] as const
/** Produced at once; a thousand of 230 bytes make one record batch of usual size. */
const chunk = 1_000
const delayRecordsPerSecond = 1_000
/** For joining the group, which is not measured. */
const joinMs = 3_000

const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
const broker = await startBrokerProcess(folder)
const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
const admin = kafka.admin()
const producer = kafka.producer()
try {
  await Promise.all([admin.connect(), producer.connect()])
  await drains()
  await delays()
} finally {
  await Promise.all([admin.disconnect(), producer.disconnect()])
  await endProcess(broker.child, 'SIGTERM')
  rmSync(folder, { recursive: true })
}

/** Each side in a process of its own, in turn, so that neither warms up or burdens the other. */
async function drains(): Promise<void> {
  await admin.createTopics({ topics: [{ topic: 'drain', numPartitions: partitions }] })
  for (let sent = 0; sent < records; sent += chunk) {
    const messages = Array.from({ length: chunk }, (_, index) => event(sent + index))
    await producer.send({
      topic: 'drain',
      messages: messages.map((one) => ({ ...one, partition: (sent / chunk) % partitions })),
    })
  }
  const results: Record<(typeof sides)[number], DrainResult[]> = { kafkajs: [], mapping: [] }
  for (let round = 0; round < rounds; round += 1) {
    for (const side of sides) results[side].push(await run<DrainResult>(side, 'drain', records, `${side}-${round}`))
  }
  console.log(
    `${records} records of 230 bytes, ${rounds} rounds: µs of CPU per record, min / median / max; records/s, median`,
  )
  row(
    'kafkajs, counting alone',
    results.kafkajs.map(({ cpuMicros }) => cpuMicros),
    results.kafkajs,
  )
  row(
    'mapping: fetch, batch, event',
    results.mapping.map(({ cpuMicros }) => cpuMicros),
    results.mapping,
  )
  row(
    "  apart: the worker's parse",
    results.mapping.map(({ parseMicros }) => parseMicros),
  )
  row(
    '  apart: the handler (base64, JSON)',
    results.mapping.map(({ handlerMicros }) => handlerMicros),
  )
  const ratio =
    median(results.mapping.map((one) => one.cpuMicros)) / median(results.kafkajs.map((one) => one.cpuMicros))
  console.log(`mapping / kafkajs: ${ratio.toFixed(2)}`)
}

async function delays(): Promise<void> {
  console.log(`\n${delayRecordsPerSecond} records/s for ${seconds} s: ms from produce to handler`)
  for (const side of sides) {
    const topic = `delay-${side}`
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] })
    const count = delayRecordsPerSecond * seconds
    const measured = run<DelayResult>(side, topic, count, `${side}-delay`)
    await new Promise((resolve) => setTimeout(resolve, joinMs))
    const from = performance.now()
    for (let sent = 0; sent < count; ) {
      const due = Math.min(count, Math.floor(((performance.now() - from) * delayRecordsPerSecond) / 1000))
      const messages = Array.from({ length: due - sent }, () => ({ value: String(Date.now()) }))
      if (messages.length > 0) await producer.send({ topic, messages })
      sent = due
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const { p50, p99 } = await measured
    console.log(`${side.padEnd(34)} p50 ${p50.toFixed(1)}   p99 ${p99.toFixed(1)}`)
  }
}

async function run<T>(side: string, topic: string, count: number, group: string): Promise<T> {
  const args = ['local/run.mjs', 'test/bench/mapping-side.ts', side, broker.bootstrap, topic, String(count), group]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
  return JSON.parse(stdout) as T
}

function event(index: number): { key: string; value: string } {
  const event = {
    event_id: `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`,
    event_type: 'purchase',
    user_id: 1_000 + (index % 9_000),
    product_id: index % 500,
    amount: (index % 50_000) / 100,
    timestamp: '2026-05-01T12:00:00.000000',
    region: 'AU-NSW',
    padding: 'x'.repeat(35),
  }
  return { key: String(event.user_id), value: JSON.stringify(event) }
}

function row(name: string, micros: number[], drains?: DrainResult[]): void {
  const span = [Math.min(...micros), median(micros), Math.max(...micros)].map((one) => one.toFixed(2)).join(' / ')
  const rate = drains ? `   ${Math.round(median(drains.map(({ perSecond }) => perSecond)))}/s` : ''
  console.log(`${name.padEnd(34)} ${span}${rate}`)
}

function median(numbers: number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
