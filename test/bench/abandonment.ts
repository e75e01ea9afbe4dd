// What the second consumer costs an event, from an empty state to a million active users. An argument: how many users.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { abandonmentRulesOf } from '../../functions/retail/abandonment/rules.ts'
import { enrich } from '../../functions/retail/enrich.ts'
import { openStore } from '../../functions/store/open.ts'
import type { Outcome } from '../../functions/store/store.ts'

const usersMax = Number(process.argv[2] ?? 1_000_000)
const batchSize = 1_000
const group = 'abandonment-consumer-group'
// Nobody's cart falls due while users are added, so the state only grows.
const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 900_000, ABANDON_LATENESS_MS: 30_000, ABANDON_WINDOW_MS: 10_000 })
const startMs = Date.UTC(2026, 10, 23)

const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
const store = await openStore(`sqlite:${folder}/freshet.db?synchronous=normal`)
await store.abandonment.passTime(
  { group, topic: 'retail-events', partitions: [{ partition: 0, readToEndMs: null, logStartOffset: 0 }] },
  rules,
)

/** Users in no order, as in a shop. */
function outcome(offset: number): Outcome {
  const hash = createHash('sha256').update(String(offset)).digest()
  const eventMs = startMs + Math.floor((offset * 600_000) / usersMax)
  const event = enrich(
    {
      event_id: `${hash.toString('hex').slice(0, 8)}-0000-4000-8000-${hash.toString('hex').slice(8, 20)}`,
      event_type: offset % 3 === 0 ? 'cart_add' : 'checkout',
      user_id: 1_000 + (hash.readUInt32LE(0) % usersMax),
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

const tenth = Math.ceil((usersMax * 1.5) / 10 / batchSize) * batchSize
for (let step = 0, offset = 0; step < 10; step++) {
  let cpuMicros = 0
  for (const until = offset + tenth; offset < until; offset += batchSize) {
    const outcomes = Array.from({ length: batchSize }, (_, index) => outcome(offset + index))
    const before = process.cpuUsage()
    await store.abandonment.writeBatch({ group, outcomes, isFiltered: true, keepsNoEvents: true }, rules)
    const used = process.cpuUsage(before)
    cpuMicros += used.user + used.system
  }
  const { shoppers = 0 } = (await store.abandonment.overview(group)) ?? {}
  console.log(`${shoppers} active users  ${(cpuMicros / tenth).toFixed(1)} CPU µs per event`)
}
await store.close()
rmSync(folder, { recursive: true })
