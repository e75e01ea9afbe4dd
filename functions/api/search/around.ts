// Where a moment lies in the sequence of what arrived.
import type { Store } from '../../store/store.ts'

/** The two events that lie on either side of a moment; 0 and beyond the head where there is none. */
export interface Neighbours {
  /** The last that arrived before it. */
  below: number
  /** The first that did not. */
  above: number
}

/** By halving: some thirty readings of one row. */
export async function eventsAround(
  store: Pick<Store, 'events' | 'head'>,
  group: string,
  ms: number,
): Promise<Neighbours> {
  const newestUpTo = async (seq: number) => (await store.events({ group, before: seq + 1, limit: 1 }))[0]
  let low = 0
  let above = (await store.head(group)) + 1
  let below = 0
  while (above - low > 1) {
    const middle = Math.floor((low + above) / 2)
    const row = await newestUpTo(middle)
    // Where there is none, older rows are gone or are dead letters: what is looked for lies above.
    if (!row || Date.parse(row.processed_at) < ms) {
      low = middle
      below = row?.seq ?? 0
    } else above = Math.max(low + 1, row.seq)
  }
  return { below, above }
}
