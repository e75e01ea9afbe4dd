// Business figures of a range, added up by one of their sides: what sold, where, and for how much.
import type { Figures } from '../../functions/api/schemas/figures.ts'
import { count, counted } from '../../functions/status/words.ts'

export type Side = 'event_type' | 'region' | 'amount_bucket'

export interface BusinessRow {
  name: string
  events: number
  /** Of purchases and checkouts. */
  revenueCents: number
}

export interface Business {
  events: number
  revenueCents: number
  sides: Record<Side, BusinessRow[]>
}

/** More values of a side than anybody reads; the rest is one row, so that the rows still add up. */
const rowsMax = 8
const nowhere = 'no region'

export function businessOf({ figures }: Figures): Business {
  const sums = figures.flatMap((figure) => figure.sums)
  return {
    events: figures.reduce((total, { events }) => total + events, 0),
    revenueCents: figures.reduce((total, { revenueCents }) => total + revenueCents, 0),
    sides: {
      event_type: rowsBy(sums, 'event_type'),
      region: rowsBy(sums, 'region'),
      amount_bucket: rowsBy(sums, 'amount_bucket'),
    },
  }
}

/** The figures in a sentence, as a chart's description is. */
export function businessSentence({ events, revenueCents, sides }: Business, words: string): string {
  if (events === 0) return `No event happened in the last ${words}.`
  const best = sides.region.reduce((top, row) => (row.revenueCents > top.revenueCents ? row : top))
  const where = best.revenueCents === 0 ? '' : `, most of it in ${best.name}`
  return `${money(revenueCents)} of revenue from ${counted(events, 'event')} in ${words}${where}.`
}

const grouped = new Intl.NumberFormat('en-AU', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** 1234567 cents -> "12,345.67". */
export function money(cents: number): string {
  return grouped.format(cents / 100)
}

function rowsBy(sums: Figures['figures'][number]['sums'], side: Side): BusinessRow[] {
  const rows = new Map<string, BusinessRow>()
  for (const sum of sums) {
    const name = sum[side] ?? nowhere
    const row = rows.get(name) ?? { name, events: 0, revenueCents: 0 }
    row.events += sum.events
    row.revenueCents += sum.is_revenue ? sum.amountCents : 0
    rows.set(name, row)
  }
  const sorted = [...rows.values()].sort((a, b) => b.events - a.events || a.name.localeCompare(b.name))
  if (sorted.length <= rowsMax) return sorted
  const rest = sorted.slice(rowsMax - 1)
  const others = {
    name: `${count(rest.length)} others`,
    events: rest.reduce((total, { events }) => total + events, 0),
    revenueCents: rest.reduce((total, { revenueCents }) => total + revenueCents, 0),
  }
  return [...sorted.slice(0, rowsMax - 1), others]
}
