// What the API's heavier questions cost on a store of many events: filters, exports, a record's journey, a scrape.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTestApi } from '../../functions/api/testing.ts'
import { openStore } from '../../functions/store/open.ts'
import { event, group, topic } from '../../functions/store/testing/fixtures.ts'

const eventCount = Number(process.argv[2] ?? 300_000)
const batchSize = 1_000
const rounds = 20

const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-api-'))
const store = await openStore(`sqlite:${join(folder, 'store.db')}?synchronous=normal`)
const types = ['purchase', 'view', 'cart_add', 'checkout'] as const
for (let from = 0; from < eventCount; from += batchSize) {
  const outcomes = Array.from({ length: batchSize }, (_, index) => {
    const n = from + index
    const fields = { event_id: `order-${n}`, event_type: types[n % 4] as 'view', user_id: 1000 + ((n * 7919) % 90_000) }
    return event({ partition: n % 3, offset: Math.floor(n / 3) }, fields)
  })
  outcomes.sort((a, b) => a.record.partition - b.record.partition)
  await store.writeBatch({ group, outcomes })
}

/** The longest reading of the store in a round: what others wait for. */
let readingMs = 0
const timedSearch = {
  ...store.search,
  events: async (query: Parameters<typeof store.search.events>[0]) => {
    const startMs = performance.now()
    try {
      return await store.search.events(query)
    } finally {
      readingMs = Math.max(readingMs, performance.now() - startMs)
    }
  },
}
const timed = new Proxy(store, {
  get: (target, name) => (name === 'search' ? timedSearch : Reflect.get(target, name, target)),
})
const api = await openTestApi({ store: timed, now: Date.now })

async function measure(what: string, path: (round: number) => string): Promise<void> {
  readingMs = 0
  const wall: number[] = []
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now()
    const response = await api.get(path(round))
    await response.text()
    if (response.status !== 200) throw new Error(`${what}: ${response.status}`)
    wall.push(performance.now() - startMs)
  }
  const { user, system } = process.cpuUsage(before)
  wall.sort((a, b) => a - b)
  const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(11)
  const median = wall[Math.floor(rounds / 2)] as number
  const cpu = (user + system) / 1000 / rounds
  console.log(`${what.padEnd(44)}${ms(cpu)}${ms(median)}${ms(wall.at(-1) as number)}${ms(readingMs)}`)
}

console.log(`${eventCount.toLocaleString('en')} events, ${rounds} rounds each`)
console.log(`${''.padEnd(44)}${['CPU', 'median', 'max', 'reading'].map((head) => head.padStart(11)).join('')}`)
await measure('a page of 50', () => '/api/events?limit=50')
await measure('a filter that finds 50 at once', () => '/api/events?type=view&limit=50')
await measure('a filter that finds nothing (100,000 rows)', () => '/api/events?user_id=-1')
await measure(
  'a filter by time, an hour back',
  () => `/api/events?to=${new Date(Date.now() - 3_600_000).toISOString()}`,
)
await measure('10,000 events as CSV', (round) => `/api/exports/events?limit=10000&after=${round * 100}`)
await measure(
  '10,000 events as NDJSON',
  (round) => `/api/exports/events?format=ndjson&limit=10000&after=${round * 100}`,
)
await measure('the journey of a stored record', (round) => `/api/records/${topic}/${round % 3}/${round * 997}`)
await measure('the journey of one that is not there', () => `/api/records/${topic}/0/999999999`)
await measure('a scrape of the metrics', () => '/metrics')
await store.close()
rmSync(folder, { recursive: true })
