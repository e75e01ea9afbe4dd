// The embedded broker beside Apache Kafka 4.1 under the same clients, in turn, each round on fresh data.
//
// `npm run bench:broker [-- ROUNDS]` needs Linux, Java 17, Maven and kcat. It prints min / median / max of the rounds.
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { startApacheKafka } from '../fidelity/apache-kafka.ts'
import { kafkajsConsume, kafkajsProduce, kcatConsume, kcatProduce, latencies } from './broker-load.ts'
import { usage } from './usage.ts'

const rounds = Number(process.argv[2] ?? 3)
const kafkajsRecords = 200_000
const kcatRecords = 1_000_000
const latencyRecords = 1_500
/** As large as one event of the shop. */
const value = JSON.stringify({ event_id: 'x'.repeat(36), padding: 'y'.repeat(133) })

interface Running {
  bootstrap: string
  child: ChildProcess
  startedInMs: number
  stop(): Promise<void>
}

const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
const linesFile = join(directory, 'lines')
writeFileSync(linesFile, `${value}\n`.repeat(kcatRecords))

async function startEmbedded(): Promise<Running> {
  const dataDir = mkdtempSync(join(directory, 'data-'))
  const startMs = performance.now()
  const { child, bootstrap } = await startBrokerProcess(dataDir)
  const startedInMs = performance.now() - startMs
  return { child, bootstrap, startedInMs, stop: () => endProcess(child, 'SIGTERM') }
}

const systems = [
  { name: 'Apache Kafka 4.1.0', start: () => startApacheKafka({ heap: '1g' }) as Promise<Running> },
  { name: 'embedded broker', start: startEmbedded },
]

const measures = new Map<string, Map<string, number[]>>()

function note(measure: string, system: string, figure: number): void {
  const bySystem = measures.get(measure) ?? new Map<string, number[]>()
  measures.set(measure, bySystem.set(system, [...(bySystem.get(system) ?? []), figure]))
}

async function measure(name: string, running: Running): Promise<void> {
  const { bootstrap, child } = running
  note('start-up, ms', name, running.startedInMs)
  note('resident at rest, MB', name, usage(child).residentMb)
  const cpuBeforeMs = usage(child).cpuMs
  note('kafkajs produce, records/s', name, await kafkajsProduce(bootstrap, 'js', kafkajsRecords, value))
  note('kafkajs consume, records/s', name, await kafkajsConsume(bootstrap, 'js', kafkajsRecords))
  note('librdkafka produce, records/s', name, await kcatProduce(bootstrap, 'rd', kcatRecords, linesFile))
  note('librdkafka consume, records/s', name, await kcatConsume(bootstrap, 'rd', kcatRecords))
  const { residentMb, cpuMs } = usage(child)
  const handled = 2 * (kafkajsRecords + kcatRecords)
  note("broker's CPU, µs per record in or out", name, ((cpuMs - cpuBeforeMs) * 1_000) / handled)
  note('resident after the load, MB', name, residentMb)
  // Last, when a JVM has compiled what it runs often.
  const all = await latencies(bootstrap, 'latency', latencyRecords, value)
  // The first fifth falls into the time in which the group settles and the connections are made.
  const taken = all.slice(latencyRecords / 5).sort((a, b) => a - b)
  note('produce to consume p50, ms', name, taken[Math.floor(taken.length * 0.5)] as number)
  note('produce to consume p99, ms', name, taken[Math.floor(taken.length * 0.99)] as number)
}

for (let round = 1; round <= rounds; round++) {
  // Turn and turn about, so that neither always has the warmer machine.
  for (const { name, start } of round % 2 === 1 ? systems : [...systems].reverse()) {
    const running = await start()
    try {
      await measure(name, running)
    } finally {
      await running.stop()
    }
    console.error(`round ${round} of ${rounds}: ${name} measured`)
  }
}
rmSync(directory, { recursive: true })

const shown = (figures: number[]) => {
  const sorted = [...figures].sort((a, b) => a - b)
  const parts = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  return parts.map((figure) => (figure as number).toLocaleString('en', { maximumSignificantDigits: 3 })).join(' / ')
}
console.log(`| min / median / max of ${rounds} | ${systems.map(({ name }) => name).join(' | ')} |`)
console.log('|---|---|---|')
for (const [name, bySystem] of measures) {
  console.log(`| ${name} | ${systems.map((system) => shown(bySystem.get(system.name) as number[])).join(' | ')} |`)
}
