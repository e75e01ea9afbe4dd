// Measures the store: CPU and wall time per event written, and how long the dashboard's reads take beside them.
//
//   node local/run.mjs test/bench/store.ts [--events 1000000] [--batch 1000]
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openStore } from '../../functions/store/open.ts'
import type { Outcome, Store } from '../../functions/store/store.ts'

const group = 'bench'
const { values } = parseArgs({ options: { events: { type: 'string' }, batch: { type: 'string' } } })
const eventCount = Number(values.events ?? 1_000_000)
const batchSize = Number(values.batch ?? 1_000)

const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
try {
  await measure(join(folder, 'store.db'))
} finally {
  rmSync(folder, { recursive: true })
}

async function measure(file: string): Promise<void> {
  const store = await openStore(`sqlite:${file}`)
  const reader = await openStore(`sqlite:${file}`, { readOnly: true })
  const tenths: { cpu: number; wall: number }[] = []
  const reads: number[] = []
  const writes: number[] = []
  let offset = 0
  for (let tenth = 0; tenth < 10; tenth++) {
    const sum = { cpu: 0, wall: 0 }
    for (const end = (eventCount / 10) * (tenth + 1); offset < end; offset += batchSize) {
      const outcomes = Array.from({ length: batchSize }, (_, index) => outcome(offset + index))
      const cpu = process.cpuUsage()
      const from = performance.now()
      await store.writeBatch({ group, outcomes })
      const wallMs = performance.now() - from
      writes.push(wallMs)
      sum.wall += wallMs * 1000
      const used = process.cpuUsage(cpu)
      sum.cpu += used.user + used.system
      reads.push(await timeReads(reader))
    }
    tenths.push({ cpu: (sum.cpu * 10) / eventCount, wall: (sum.wall * 10) / eventCount })
  }
  const again = Array.from({ length: batchSize }, (_, index) => outcome(index))
  const from = performance.now()
  await store.writeBatch({ group, outcomes: again })
  const againMs = performance.now() - from
  await store.close()
  await reader.close()
  report(tenths, { reads, writes }, againMs, statSync(file).size)
}

/** A live message's reading: what is new, and the numbers at the top of the page. */
async function timeReads(store: Store): Promise<number> {
  const from = performance.now()
  const { head } = await store.changesSince({ group, cursor: 0, limit: 50 })
  await store.events({ group, before: head, limit: 50 })
  await store.totals(group)
  await store.newestEvent(group)
  await store.arrivals({ group, fromSecond: Math.floor(Date.now() / 1000) - 300, toSecond: Number.MAX_SAFE_INTEGER })
  return performance.now() - from
}

function outcome(offset: number): Outcome {
  const types = ['purchase', 'view', 'cart_add', 'checkout'] as const
  const regions = ['AU-NSW', 'AU-VIC', 'AU-WA', 'AU-QLD']
  const eventMs = 1_795_392_000_000 + offset
  const cents = 500 + ((offset * 7919) % 84_500)
  const event = {
    event_id: randomUUID(),
    event_type: types[offset % 4] as (typeof types)[number],
    user_id: 1000 + (offset % 9000),
    product_id: 1 + (offset % 500),
    amount: cents / 100,
    timestamp: new Date(eventMs).toISOString(),
    region: regions[(offset >> 2) % 4] as string,
    extra: null,
    amount_bucket: cents < 5_000 ? ('low' as const) : cents < 20_000 ? ('mid' as const) : ('high' as const),
    is_revenue_event: offset % 4 === 0,
    amount_cents: cents,
    event_ms: eventMs,
  }
  const value = Buffer.from(JSON.stringify(event))
  const record = {
    topic: 'retail-events',
    partition: offset % 3,
    offset: Math.floor(offset / 3),
    timestamp: eventMs,
    key: null,
    value,
  }
  return { kind: 'event', record, event, contentHash: createHash('sha256').update(value).digest() }
}

function report(
  tenths: { cpu: number; wall: number }[],
  { reads, writes }: { reads: number[]; writes: number[] },
  againMs: number,
  fileBytes: number,
): void {
  const of = (kind: 'cpu' | 'wall') => tenths.map((tenth) => tenth[kind])
  const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const row = (name: string, numbers: number[]) => ({
    what: name,
    first: numbers[0]?.toFixed(1),
    mean: mean(numbers).toFixed(1),
    last: numbers.at(-1)?.toFixed(1),
  })
  console.log(`${eventCount} events in batches of ${batchSize}; first and last tenth`)
  console.table([row('CPU us per event', of('cpu')), row('wall us per event', of('wall'))])
  console.log(`one batch: ${spread(writes)}`)
  console.log(`reads of one live message: ${spread(reads)}`)
  console.log(`one batch with other ids at accounted offsets: ${againMs.toFixed(1)} ms`)
  console.log(`${(fileBytes / eventCount).toFixed(0)} bytes of store per event`)
}

/** The slowest batches are those that move the write-ahead log into the file, or seal ids. */
function spread(times: number[]): string {
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(2)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${times.at(-1)?.toFixed(2)} ms, n ${times.length}`
}
