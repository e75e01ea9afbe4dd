// Decides what has fallen due: carts in the order of their deadlines, windows between them, incidents, and offers.
import { createHash } from 'node:crypto'
import { closeWindow, counted, type Incident, isForgettable, newRegion, type Region } from './region.ts'
import type { AbandonmentRules } from './rules.ts'
import { type Activity, type Decision, decide, nextDueMs, noActivity, type Shopper, withActivity } from './shopper.ts'

/** One for each incident and user: made again, it has the same id. */
export interface Offer {
  offerId: string
  incidentId: string
  userId: number
  region: string
  /** When the cart it answers fell due, event time, ms. */
  deadlineMs: number
}

/** Up to where carts are decided: what falls due before `ms`, and of what falls due at `ms` users up to `userId`. */
export interface Horizon {
  ms: number
  userId: number
}

/** What the store remembers, as far as it is needed. */
export interface Remembered {
  /** Every user with new activity, and every user of whom something may be due before the horizon. */
  shoppers: Map<number, Shopper>
  regions: Region[]
  /** All that fell due before this is decided, and windows up to it are closed; null before the first time. */
  settledMs: number | null
}

export interface Settled {
  /** Users that changed; null: nothing is left of them. */
  shoppers: Map<number, Shopper | null>
  regions: Region[]
  settledMs: number | null
  /** New, changed and ended ones. */
  incidents: Incident[]
  offers: Offer[]
  decided: number
  abandoned: number
}

/** Regions that are counted by themselves. A stranger can invent any number: the rest is counted together. */
export const regionsMax = 200
export const otherRegions = '(other regions)'

/**
 * Adds new activity, then decides what falls due up to `horizon`. The result depends on the activities alone, neither
 * on their order nor on how they were cut into batches: so a rebuild finds the same incidents and offers.
 *
 * @param horizon null while there is no watermark: activity is only gathered
 */
export function settle(
  remembered: Remembered,
  activities: Activity[],
  horizon: Horizon | null,
  rules: AbandonmentRules,
): Settled {
  const shoppers = gather(remembered.shoppers, activities, rules)
  const changed = new Map<number, Shopper | null>()
  for (const { userId } of activities) changed.set(userId, shoppers.get(userId) ?? null)
  const decisions = horizon ? decideAll(shoppers, changed, horizon, rules) : []
  const timeline = new Timeline(remembered, rules)
  for (const decision of decisions) timeline.take(decision)
  if (horizon) timeline.closeUpTo(horizon.ms)
  return { shoppers: changed, decided: decisions.length, ...timeline.result() }
}

function gather(known: Map<number, Shopper>, activities: Activity[], rules: AbandonmentRules): Map<number, Shopper> {
  const shoppers = new Map(known)
  for (const activity of activities) {
    const before = shoppers.get(activity.userId) ?? noActivity
    shoppers.set(activity.userId, withActivity(before, activity, rules.abandonMs))
  }
  return shoppers
}

/** In the order of deadlines, and of users where they are the same. */
function decideAll(
  shoppers: Map<number, Shopper>,
  changed: Map<number, Shopper | null>,
  horizon: Horizon,
  rules: AbandonmentRules,
): Decision[] {
  const all: Decision[] = []
  for (const [userId, shopper] of shoppers) {
    const isDue = (deadlineMs: number) =>
      deadlineMs < horizon.ms || (deadlineMs === horizon.ms && userId <= horizon.userId)
    const { decisions, rest } = decide(shopper, userId, isDue, rules.abandonMs)
    all.push(...decisions)
    changed.set(userId, nextDueMs(rest, rules.abandonMs) === null ? null : rest)
  }
  return all.sort((a, b) => a.deadlineMs - b.deadlineMs || a.userId - b.userId)
}

/** Windows are closed and carts counted in one order: a cart belongs to the window of its deadline. */
class Timeline {
  readonly #rules: AbandonmentRules
  readonly #regions: Map<string, Region>
  readonly #incidents = new Map<string, Incident>()
  readonly #offers = new Map<string, Offer>()
  #settledMs: number | null
  #abandoned = 0

  constructor({ regions, settledMs }: Remembered, rules: AbandonmentRules) {
    this.#rules = rules
    this.#regions = new Map(regions.map((region) => [region.region, region]))
    this.#settledMs = settledMs
  }

  take(decision: Decision): void {
    this.closeUpTo(decision.deadlineMs)
    const name = this.#nameOf(decision.region)
    const region = counted(this.#regions.get(name) ?? newRegion(name), decision)
    this.#regions.set(name, region)
    if (!decision.abandoned) return
    this.#abandoned++
    if (!region.incident) return
    this.#incidents.set(region.incident.id, region.incident)
    const offer = offerOf(region.incident, decision)
    if (!this.#offers.has(offer.offerId)) this.#offers.set(offer.offerId, offer)
  }

  /** Closes every window that has ended by this moment. */
  closeUpTo(ms: number): void {
    const { windowMs } = this.#rules
    const settledMs = this.#settledMs ?? ms
    this.#settledMs = Math.max(settledMs, ms)
    for (let endMs = (Math.floor(settledMs / windowMs) + 1) * windowMs; endMs <= ms; endMs += windowMs) {
      if (this.#regions.size === 0) return
      for (const region of [...this.#regions.values()].sort(byName)) this.#close(region, endMs)
    }
  }

  result(): Pick<Settled, 'regions' | 'settledMs' | 'incidents' | 'offers' | 'abandoned'> {
    return {
      regions: [...this.#regions.values()].sort(byName),
      settledMs: this.#settledMs,
      incidents: [...this.#incidents.values()],
      offers: [...this.#offers.values()],
      abandoned: this.#abandoned,
    }
  }

  #close(before: Region, endMs: number): void {
    const { region, ended } = closeWindow(before, endMs, this.#rules)
    if (isForgettable(region)) this.#regions.delete(region.region)
    else this.#regions.set(region.region, region)
    const incident = ended ?? region.incident
    if (incident) this.#incidents.set(incident.id, incident)
  }

  #nameOf(region: string): string {
    return this.#regions.has(region) || this.#regions.size < regionsMax ? region : otherRegions
  }
}

function byName(a: Region, b: Region): number {
  return a.region < b.region ? -1 : 1
}

function offerOf({ id }: Incident, { userId, region, deadlineMs }: Decision): Offer {
  const offerId = createHash('sha256')
    .update(JSON.stringify([id, userId]))
    .digest('hex')
    .slice(0, 32)
  return { offerId, incidentId: id, userId, region, deadlineMs }
}
