// What arrived in each second, gaps included.
import type { Store } from '../../store/store.ts'
import type { Bucket } from '../schemas.ts'

export type ArrivalsStore = Pick<Store, 'arrivals'>

/** One bucket for every `step` seconds of `[fromSecond, toSecond)`: the store knows only those that saw something. */
export async function readThroughput(
  store: ArrivalsStore,
  query: { group: string; fromSecond: number; toSecond: number; step?: number | undefined },
): Promise<Bucket[]> {
  const { fromSecond, toSecond, step = 1 } = query
  const buckets = Array.from({ length: Math.max(0, Math.ceil((toSecond - fromSecond) / step)) }, (_, index) => ({
    at: new Date((fromSecond + index * step) * 1000).toISOString(),
    events: 0,
    deadLetters: 0,
  }))
  for (const { second, events, deadLetters } of await store.arrivals(query)) {
    const bucket = buckets[Math.floor((second - fromSecond) / step)]
    if (!bucket) continue
    bucket.events += events
    bucket.deadLetters += deadLetters
  }
  return buckets
}
