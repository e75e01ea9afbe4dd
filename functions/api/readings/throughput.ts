// What arrived in each second, gaps included.
import type { Store } from '../../store/store.ts'
import type { Bucket } from '../schemas.ts'

export type ArrivalsStore = Pick<Store, 'arrivals'>

/** One bucket for every second of `[fromSecond, toSecond)`: the store knows only those that saw something. */
export async function readThroughput(
  store: ArrivalsStore,
  query: { group: string; fromSecond: number; toSecond: number },
): Promise<Bucket[]> {
  const arrivals = new Map((await store.arrivals(query)).map((arrival) => [arrival.second, arrival]))
  return Array.from({ length: Math.max(0, query.toSecond - query.fromSecond) }, (_, index) => {
    const second = query.fromSecond + index
    const arrival = arrivals.get(second)
    return {
      at: new Date(second * 1000).toISOString(),
      events: arrival?.events ?? 0,
      deadLetters: arrival?.deadLetters ?? 0,
    }
  })
}
