// What the second consumer costs an event, from an empty state to a million active users. An argument: how many users
// there are, of whom three quarters are active at the end.
//
// Beside it a state of few users takes as many events, batch for batch in turn: what the machine does otherwise slows
// down both, so the last column is what the size of the state costs.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { abandonmentRulesOf } from '../../functions/retail/abandonment/rules.ts'
import { enrich } from '../../functions/retail/enrich.ts'
import { openStore } from '../../functions/store/open.ts'
import type { Outcome, Store } from '../../functions/store/store.ts'

const usersMax = Number(process.argv[2] ?? 1_300_000)
const usersFew = 20_000
const batchSize = 1_000
const group = 'abandonment-consumer-group'
// Nobody's cart falls due while users are added, so the state only grows.
const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 900_000, ABANDON_LATENESS_MS: 30_000, ABANDON_WINDOW_MS: 10_000 })
const startMs = Date.UTC(2026, 10, 23)

const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
const large = await openState('large')
const small = await openState('small')

async function openState(name: string): Promise<Store> {
  const store = await openStore(`sqlite:${folder}/${name}.db?synchronous=normal`)
  const partitions = [{ partition: 0, readToEndMs: null, logStartOffset: 0 }]
  await store.abandonment.passTime({ group, topic: 'retail-events', partitions }, rules)
  return store
}

/** Users in no order, as in a shop. */
function outcome(offset: number, users: number): Outcome {
  const hash = createHash('sha256').update(String(offset)).digest()
  const eventMs = startMs + Math.floor((offset * 600_000) / usersMax)
  const event = enrich(
    {
      event_id: `${hash.toString('hex').slice(0, 8)}-0000-4000-8000-${hash.toString('hex').slice(8, 20)}`,
      event_type: offset % 3 === 0 ? 'cart_add' : 'checkout',
      user_id: 1_000 + (hash.readUInt32LE(0) % users),
      product_id: 1,
      amount: 10,
      timestamp: new Date(eventMs).toISOString(),
      region: ['AU-NSW', 'AU-VIC', 'AU-WA', 'AU-QLD'][offset % 4] ?? null,
      extra: null,
    },
    eventMs,
  )
  const record = { topic: 'retail-events', partition: 0, offset, timestamp: eventMs, key: null, value: null }
  return { kind: 'event', event, record, contentHash: hash }
}

/** Answers the CPU time, µs. */
async function write(store: Store, offset: number, users: number): Promise<number> {
  const outcomes = Array.from({ length: batchSize }, (_, index) => outcome(offset + index, users))
  const before = process.cpuUsage()
  await store.abandonment.writeBatch({ group, outcomes, isFiltered: true, keepsNoEvents: true }, rules)
  const used = process.cpuUsage(before)
  return used.user + used.system
}

const tenth = Math.ceil((usersMax * 1.5) / 10 / batchSize) * batchSize
console.log('active users   CPU µs per event   the same of few users')
for (let step = 0, offset = 0; step < 10; step++) {
  const cpuMicros = { large: 0, small: 0 }
  for (const until = offset + tenth; offset < until; offset += batchSize) {
    cpuMicros.large += await write(large, offset, usersMax)
    cpuMicros.small += await write(small, offset, usersFew)
  }
  const { shoppers = 0 } = (await large.abandonment.overview(group)) ?? {}
  const perEvent = (micros: number) => (micros / tenth).toFixed(1)
  console.log(
    `${String(shoppers).padStart(12)}   ${perEvent(cpuMicros.large).padStart(16)}   ${perEvent(cpuMicros.small)}`,
  )
}
await Promise.all([large.close(), small.close()])
rmSync(folder, { recursive: true })
