// How the adapters write a user's undecided carts and a region's windows: as short JSON.
import type { Region } from '../retail/abandonment/region.ts'
import type { Run, Shopper } from '../retail/abandonment/shopper.ts'

/** `[carts, purchases]`, a run as `[first, last, region]`, and a purchase's without its region. */
export function shopperText({ carts, purchases }: Shopper): string {
  return JSON.stringify([
    carts.map(({ first, last, region }) => [first, last, region]),
    purchases.map(({ first, last }) => [first, last]),
  ])
}

export function shopperOf(text: string): Shopper {
  const [carts, purchases] = JSON.parse(text) as [[number, number, string?][], [number, number, string?][]]
  const run = ([first, last, region = '']: [number, number, string?]): Run => ({ first, last, region })
  return { carts: carts.map(run), purchases: purchases.map(run) }
}

export const regionText = (region: Region): string => JSON.stringify(region)

/** What was read last. A memory of pure parsing: it decides nothing, and holds one state's regions at most. */
let parsed = new Map<string, Region>()

/** Most regions are as they were a batch before, and to parse all of 200 takes longer than the rest of a small batch. */
export function regionsOf(rows: string[]): Region[] {
  const known = parsed
  const regions = rows.map((text) => known.get(text) ?? (JSON.parse(text) as Region))
  parsed = new Map(rows.map((text, index) => [text, regions[index] as Region]))
  return regions
}
