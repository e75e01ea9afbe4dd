// One state of abandoned carts as rows: what a transaction reads of it, and what it writes. Pure, the same for every adapter.
import type { Incident, Region } from '../retail/abandonment/region.ts'
import type { AbandonmentRules } from '../retail/abandonment/rules.ts'
import { type Horizon, type Offer, settle } from '../retail/abandonment/settle.ts'
import { nextDueMs, type Shopper } from '../retail/abandonment/shopper.ts'
import type { Arrived } from '../retail/abandonment/step.ts'
import type { Clocks } from '../retail/abandonment/watermark.ts'
import type { Progress } from './abandonment.ts'
import { regionText, shopperOf, shopperText } from './abandonment-rows.ts'

export interface StateRow {
  id: number
  groupId: number
  /** Of the topic; null while nobody has counted them. */
  partitions: number | null
  watermarkMs: number | null
  settledMs: number | null
  shoppers: number
  late: number
  decided: number
  abandoned: number
}

export interface ShopperRow {
  userId: number
  /** Nothing of the user falls due before it. */
  lookMs: number
  runs: string
}

/** What was read of a state. */
export interface Known {
  state: StateRow
  /** Before anything arrived. */
  clocks: Clocks
  /** Users who were active, as far as they have a row. */
  active: ShopperRow[]
  /** Users of whom something may be due before the watermark, in the order of lookMs and userId: one more than is decided. */
  due: ShopperRow[]
  /** None while there is no watermark. */
  regions: Region[]
}

/** What is to be written. */
export interface Changes {
  /** The counters as they are afterwards. */
  state: StateRow
  clocks: [partition: number, clockMs: number][]
  /** In the order of users, as the next: writers then never wait for each other in a circle. */
  shoppers: ShopperRow[]
  /** Those who are to be looked at when they were before. */
  runs: Omit<ShopperRow, 'lookMs'>[]
  shoppersGone: number[]
  regions: { region: string; windows: string }[]
  regionsGone: string[]
  /** New, changed and ended ones. */
  incidents: Incident[]
  offers: Offer[]
}

/** Users decided in one transaction: some tens of milliseconds. */
export const dueUsersMax = 2_000

/** Moves the state on by what has arrived. */
export function moveOn(
  known: Known,
  arrived: Arrived,
  rules: AbandonmentRules,
): { changes: Changes; progress: Omit<Progress, 'offers'> } {
  const { state, regions } = known
  const { activities, late, watermarkMs } = arrived
  const due = known.due.slice(0, dueUsersMax)
  const isMoreDue = known.due.length > dueUsersMax
  const rows = new Map([...known.active, ...due].map((row) => [row.userId, row]))
  const shoppers = new Map([...rows.values()].map(({ userId, runs }) => [userId, shopperOf(runs)]))
  const horizon = watermarkMs === null ? null : horizonOf(isMoreDue ? due.at(-1) : undefined, watermarkMs)
  const settled = settle({ shoppers, regions, settledMs: state.settledMs }, activities, horizon, rules)
  const { decided, abandoned, incidents, offers, settledMs } = settled
  const { moved, stayed, gone, gained } = shopperChanges(settled.shoppers, rows, { horizon, rules })
  const changes: Changes = {
    state: {
      ...state,
      watermarkMs: watermarkMs ?? state.watermarkMs,
      settledMs,
      shoppers: state.shoppers + gained,
      late: state.late + late,
      decided: state.decided + decided,
      abandoned: state.abandoned + abandoned,
    },
    clocks: [...arrived.clocks].filter(([partition, ms]) => known.clocks.byPartition.get(partition) !== ms),
    shoppers: moved,
    runs: stayed,
    shoppersGone: gone,
    ...regionChanges(settled.regions, regions),
    incidents,
    offers,
  }
  return { changes, progress: { watermarkMs, late, decided, abandoned, isMoreDue } }
}

/** Everything before the watermark, or up to the last of as many users as one transaction decides. */
function horizonOf(last: ShopperRow | undefined, watermarkMs: number): Horizon {
  return last ? { ms: last.lookMs, userId: last.userId } : { ms: watermarkMs, userId: Number.NEGATIVE_INFINITY }
}

/**
 * Where the moment to look at a user again only moves on, the old one stays: the user is looked at in vain then, once,
 * instead of being moved in the index of those moments by everything that happens.
 */
function shopperChanges(
  settled: Map<number, Shopper | null>,
  before: ReadonlyMap<number, ShopperRow>,
  { horizon, rules }: { horizon: Horizon | null; rules: AbandonmentRules },
) {
  const changes = { moved: [] as ShopperRow[], stayed: [] as Changes['runs'], gone: [] as number[], gained: 0 }
  for (const [userId, shopper] of settled) {
    const lookMs = shopper && nextDueMs(shopper, rules.abandonMs)
    const row = before.get(userId)
    const isKept = shopper !== null && lookMs !== null
    changes.gained += Number(isKept) - Number(row !== undefined)
    if (!isKept) {
      if (row) changes.gone.push(userId)
      continue
    }
    const runs = shopperText(shopper)
    const isAhead = row && row.lookMs <= lookMs && row.lookMs > (horizon?.ms ?? Number.NEGATIVE_INFINITY)
    if (isAhead) changes.stayed.push({ userId, runs })
    else changes.moved.push({ userId, lookMs, runs })
  }
  const byUser = (a: { userId: number }, b: { userId: number }) => a.userId - b.userId
  changes.moved.sort(byUser)
  changes.stayed.sort(byUser)
  return changes
}

function regionChanges(after: Region[], before: Region[]): Pick<Changes, 'regions' | 'regionsGone'> {
  const names = new Set(after.map(({ region }) => region))
  const unchanged = new Set(before)
  return {
    regions: after
      .filter((region) => !unchanged.has(region))
      .map((region) => ({ region: region.region, windows: regionText(region) })),
    regionsGone: before.filter(({ region }) => !names.has(region)).map(({ region }) => region),
  }
}
