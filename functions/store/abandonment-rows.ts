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

export const regionOf = (text: string): Region => JSON.parse(text) as Region
