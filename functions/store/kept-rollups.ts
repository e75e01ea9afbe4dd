// Figures of spans that were read before: those that have not changed since need not be read again.
import type { Rollup } from './figures.ts'

/** Rows of figures that are kept, some 20 MB of them; the span that was asked for longest ago goes first. */
export const keptSumsMax = 100_000

export interface KeptRollups {
  /**
   * The span's figures: as they were kept where it still counts as many events, else as `read` has them.
   *
   * A count is a version, for events are only ever added to a generation of figures. `key` names generation and span.
   */
  of(key: string, events: number, read: () => Rollup): Rollup
}

export function keptRollups(sumsMax = keptSumsMax): KeptRollups {
  const kept = new Map<string, { events: number; rollup: Rollup }>()
  let sums = 0

  function drop(key: string): void {
    sums -= kept.get(key)?.rollup.sums.length ?? 0
    kept.delete(key)
  }

  return {
    of(key, events, read) {
      const known = kept.get(key)
      const rollup = known?.events === events ? known.rollup : read()
      // Put in anew, it is the youngest: a Map keeps the order in which its keys came.
      drop(key)
      kept.set(key, { events, rollup })
      sums += rollup.sums.length
      for (const oldest of kept.keys()) {
        if (sums <= sumsMax) break
        drop(oldest)
      }
      return rollup
    },
  }
}
