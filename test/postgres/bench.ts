// Measures the store on Postgres: events written a second by one process and by several, and how long a batch takes.
//
//   node local/run.mjs test/postgres/bench.ts postgres://user@host/database [--events 100000] [--batch 1000] [--writers 3]
import { createHash, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { openStore } from '../../functions/store/open.ts'
import type { Outcome, Store } from '../../functions/store/store.ts'
import { event } from '../../functions/store/testing/fixtures.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { events: { type: 'string' }, batch: { type: 'string' }, writers: { type: 'string' } },
})
const url = positionals[0] ?? ''
const eventCount = Number(values.events ?? 100_000)
const batchSize = Number(values.batch ?? 1_000)
const writerCount = Number(values.writers ?? 3)

const rows = []
for (const writers of [1, writerCount]) rows.push(await measure(writers))
console.log(`${eventCount} events in batches of ${batchSize}`)
console.table(rows)

async function measure(writers: number) {
  const stores = await Promise.all(Array.from({ length: writers }, () => openStore(url)))
  const times: number[] = []
  const group = `bench ${randomUUID()}`
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  await Promise.all(
    stores.map((store, partition) => write(store, { group, partition, count: eventCount / writers, times })),
  )
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await Promise.all(stores.map((store) => store.close()))
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(1)
  return {
    writers,
    'events/s': Math.round(eventCount / seconds),
    'client CPU us/event': ((user + system) / eventCount).toFixed(1),
    'batch p50 ms': at(0.5),
    'batch p99 ms': at(0.99),
  }
}

interface Share {
  group: string
  partition: number
  count: number
  /** Gains what each batch took, ms. */
  times: number[]
}

async function write(store: Store, { group, partition, count, times }: Share): Promise<void> {
  for (let offset = 0; offset < count; offset += batchSize) {
    const outcomes = Array.from({ length: batchSize }, (_, index) => outcome(partition, offset + index))
    const startedMs = performance.now()
    await store.writeBatch({ group, outcomes })
    times.push(performance.now() - startedMs)
  }
}

function outcome(partition: number, offset: number): Outcome {
  const made = event({ partition, offset }, { event_id: randomUUID(), user_id: 1_000 + (offset % 9_000) })
  if (made.kind !== 'event') return made
  return { ...made, contentHash: createHash('sha256').update(made.event.event_id).digest() }
}
