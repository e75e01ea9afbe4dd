// What the dashboard asks of the store, each question timed many times beside a writer.
import type { Store } from '../../functions/store/store.ts'
import { group, startMs } from './store-load.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

type Query = (store: Store, head: number) => Promise<unknown>

/** By what they are for. `head` is the newest cursor, `lastMs` the newest event's own time. */
function queriesOf(lastMs: number): Record<string, Query> {
  const rollups =
    (by: 'minute' | 'hour' | 'day', ms: number): Query =>
    (store) =>
      store.rollups({ group, by, fromMs: lastMs - ms, toMs: lastMs + 1, timeZone: 'Australia/Sydney' })
  const second = () => Math.floor(Date.now() / 1_000)
  return {
    'one live message': (store, head) => store.changesSince({ group, cursor: head - 500, limit: 50 }),
    'summary: totals': (store) => store.totals(group),
    'summary: newest event': (store) => store.newestEvent(group),
    'summary: arrivals of 5 minutes': (store) =>
      store.arrivals({ group, fromSecond: second() - 300, toSecond: second() + 1 }),
    'throughput: arrivals of a day': (store) =>
      store.arrivals({ group, fromSecond: second() - 86_400, toSecond: second() + 1 }),
    'feed: newest 50': (store) => store.events({ group, limit: 50 }),
    'feed: 50 from the middle': (store, head) => store.events({ group, before: Math.floor(head / 2), limit: 50 }),
    'dead letters: newest 50': (store) => store.deadLetters({ group, limit: 50 }),
    'dead letters: groups': (store) => store.redrives.groups({ group }),
    'redrives: newest 20': (store) => store.redrives.list({ group, limit: 20 }),
    'figures by minute, an hour': rollups('minute', 60 * minuteMs),
    'figures by hour, a day': rollups('hour', dayMs),
    'figures by day, a month': rollups('day', 30 * dayMs),
    'health: accounts': (store) => store.accounts(),
    'health: explanations': (store) => store.explanations(),
    'health: sweep': (store) => store.lastSweep(),
    'lag: newest samples': (store) => store.latestLagSamples(),
    'lag: samples of an hour': (store) => store.lagSamples({ group, sinceMs: Date.now() - 60 * minuteMs }),
  }
}

export interface QueryTimes {
  query: string
  /** ms */
  p50: number
  p99: number
  max: number
  /** ms of the processor, by the median: what a machine with nothing else to do takes. */
  cpu: number
}

/** Asks in turns, so that each question meets the writer at every moment. */
export async function timeQueries(
  store: Store,
  { rounds, events }: { rounds: number; events: number },
): Promise<QueryTimes[]> {
  const queries = Object.entries(queriesOf(startMs + events * 10))
  const times = new Map(queries.map(([name]) => [name, { wall: [] as number[], cpu: [] as number[] }]))
  for (let round = 0; round < rounds; round++) {
    const head = await store.head(group)
    for (const [name, query] of queries) {
      const startedMs = performance.now()
      const before = process.cpuUsage()
      await query(store, head)
      const { user, system } = process.cpuUsage(before)
      times.get(name)?.wall.push(performance.now() - startedMs)
      times.get(name)?.cpu.push((user + system) / 1_000)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return [...times].map(([query, { wall, cpu }]) => ({ query, ...spread(wall), cpu: spread(cpu).p50 }))
}

export function spread(times: number[]): { p50: number; p99: number; max: number } {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 }
}
