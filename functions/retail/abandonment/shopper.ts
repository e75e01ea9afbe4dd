// One user's carts and purchases as far as they are undecided, in a few numbers whatever the user does.

/**
 * Moments that follow each other by `abandonMs` at most, as their first and last. What lies between them decides
 * nothing: a cart that is followed by another in time is not abandoned, and a cart before a chain of purchases is bought.
 */
export interface Run {
  first: number
  last: number
  /** Of the last moment; '' is no region. Purchases need none. */
  region: string
}

/** Runs that are further apart than `abandonMs`, ascending. */
export interface Shopper {
  carts: Run[]
  purchases: Run[]
}

export interface Activity {
  kind: 'cart' | 'purchase'
  userId: number
  /** ms, event time. */
  moment: number
  region: string
}

/** What became of a cart: `deadlineMs` is the last moment at which a purchase would have saved it. */
export interface Decision {
  userId: number
  deadlineMs: number
  region: string
  abandoned: boolean
}

/**
 * Runs that are kept of one kind. One user needs more only where one partition is read this many times `abandonMs` ahead
 * of another. Our choice: the two oldest then count as one, so one abandonment at most goes unnoticed.
 */
export const runsMax = 32

export const noActivity: Shopper = { carts: [], purchases: [] }

/** Whatever the order in which a user's activities come, the result is the same. */
export function withActivity(shopper: Shopper, { kind, moment, region }: Activity, abandonMs: number): Shopper {
  if (kind === 'cart') return { ...shopper, carts: withMoment(shopper.carts, { moment, region }, abandonMs) }
  return { ...shopper, purchases: withMoment(shopper.purchases, { moment, region: '' }, abandonMs) }
}

function withMoment(runs: Run[], { moment, region }: { moment: number; region: string }, gapMs: number): Run[] {
  let joined: Run = { first: moment, last: moment, region }
  const apart: Run[] = []
  for (const run of runs) {
    if (run.last + gapMs < joined.first || joined.last + gapMs < run.first) apart.push(run)
    else joined = join(run, joined)
  }
  const sorted = [...apart, joined].sort((a, b) => a.first - b.first)
  const [oldest, next, ...rest] = sorted
  return sorted.length > runsMax && oldest && next ? [join(oldest, next), ...rest] : sorted
}

function join(a: Run, b: Run): Run {
  // Of two carts in one millisecond the greater region is taken, so that their order does not matter.
  const last = a.last > b.last || (a.last === b.last && a.region > b.region) ? a : b
  return { first: Math.min(a.first, b.first), last: last.last, region: last.region }
}

/** Decides the carts whose deadline fulfils `isDue`, and forgets what can decide nothing any more. */
export function decide(
  shopper: Shopper,
  userId: number,
  isDue: (deadlineMs: number) => boolean,
  abandonMs: number,
): { decisions: Decision[]; rest: Shopper } {
  const decisions: Decision[] = []
  const carts: Run[] = []
  for (const run of shopper.carts) {
    const deadlineMs = run.last + abandonMs
    if (!isDue(deadlineMs)) carts.push(run)
    else decisions.push({ userId, deadlineMs, region: run.region, abandoned: !isBought(run, shopper, abandonMs) })
  }
  return { decisions, rest: { carts, purchases: shopper.purchases.filter(({ last }) => !isDue(last + abandonMs)) } }
}

function isBought({ last }: Run, { purchases }: Shopper, abandonMs: number): boolean {
  return purchases.some((run) => run.last >= last && run.first <= last + abandonMs)
}

/** When something of this user falls due next, ms; null when nothing is left. */
export function nextDueMs({ carts, purchases }: Shopper, abandonMs: number): number | null {
  const lasts = [...carts, ...purchases].map(({ last }) => last)
  return lasts.length === 0 ? null : Math.min(...lasts) + abandonMs
}
