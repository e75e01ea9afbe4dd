// One region's windows of carts: they are counted, closed, compared with the baseline, and open and close its incident.
import { baselineOf, type Counts, scoreOf } from './baseline.ts'
import type { AbandonmentRules } from './rules.ts'
import type { Decision } from './shopper.ts'

export interface Incident {
  /** Made of the region and the moment: the same records make the same incident. */
  id: string
  region: string
  /** Event time, ms: the end of the window that showed it. */
  openedMs: number
  /** null while it goes on. */
  closedMs: number | null
  /** over: the share came down. lasting: it stayed, and is the baseline from now on. null while it goes on. */
  end: 'over' | 'lasting' | null
  baseline: number
  /** The share that opened it. */
  rate: number
  peakRate: number
  /** Carts abandoned since it was opened. */
  abandoned: number
}

export interface Region {
  region: string
  /** Of the window that is being filled. */
  open: Counts
  /** Closed windows, the oldest first; those of an incident are not among them. */
  history: Counts[]
  /** While there is an incident: its windows, as few as are needed to judge. */
  recent: Counts[]
  incident: Incident | null
  /** Windows in a row that showed the incident no more. */
  calmWindows: number
}

/** How the region's newest closed windows compare with its baseline. */
export interface Judgement {
  counts: Counts
  baseline: number | null
  score: number | null
}

export const newRegion = (region: string): Region => ({
  region,
  open: [0, 0],
  history: [],
  recent: [],
  incident: null,
  calmWindows: 0,
})

export function counted(region: Region, { abandoned }: Pick<Decision, 'abandoned'>): Region {
  const [decided, before] = region.open
  const incident = region.incident && {
    ...region.incident,
    abandoned: region.incident.abandoned + (abandoned ? 1 : 0),
  }
  return { ...region, open: [decided + 1, before + (abandoned ? 1 : 0)], incident }
}

/** Whether nothing of the region is worth keeping. */
export function isForgettable({ open, history, incident }: Region): boolean {
  return incident === null && open[0] === 0 && history.every(([decided]) => decided === 0)
}

/** Closes the window that ends at `endMs`. What the incident became, if there is or was one, stands in `incident`. */
export function closeWindow(
  region: Region,
  endMs: number,
  rules: AbandonmentRules,
): { region: Region; ended: Incident | null } {
  const closed: Region = { ...region, open: [0, 0] }
  if (region.incident) return judgeIncident(closed, region.incident, region.open, endMs, rules)
  const history = [...region.history, region.open].slice(-rules.baselineWindows - rules.recentWindows)
  const watched = { ...closed, history }
  const { counts, baseline, score } = judge(watched, rules)
  const rate = counts[1] / counts[0]
  if (baseline === null || score === null || score < rules.openScore || rate - baseline < rules.openRise) {
    return { region: watched, ended: null }
  }
  const incident: Incident = {
    id: `${region.region}@${new Date(endMs).toISOString()}`,
    region: region.region,
    openedMs: endMs,
    closedMs: null,
    end: null,
    baseline,
    rate,
    peakRate: rate,
    abandoned: 0,
  }
  // The recent windows belong to the spike: the baseline stays what it was before them.
  const recent = history.slice(-rules.recentWindows)
  return {
    region: { ...watched, history: history.slice(0, -rules.recentWindows), recent, incident, calmWindows: 0 },
    ended: null,
  }
}

function judgeIncident(
  region: Region,
  incident: Incident,
  window: Counts,
  endMs: number,
  rules: AbandonmentRules,
): { region: Region; ended: Incident | null } {
  const recent = [...region.recent, window].slice(-rules.recentWindows)
  const watched = { ...region, recent }
  const { counts, score } = judge(watched, rules)
  const isCalm = score === null || score < rules.closeScore
  const calmWindows = isCalm ? region.calmWindows + 1 : 0
  const peakRate = score === null ? incident.peakRate : Math.max(incident.peakRate, counts[1] / counts[0])
  const grown = { ...incident, peakRate }
  if (calmWindows >= rules.closeWindows) {
    const ended: Incident = { ...grown, closedMs: endMs, end: 'over' }
    return { region: { ...watched, recent: [], incident: null, calmWindows: 0 }, ended }
  }
  if (endMs - incident.openedMs >= rules.incidentMsMax) {
    const ended: Incident = { ...grown, closedMs: endMs, end: 'lasting' }
    return { region: { ...watched, history: [], recent: [], incident: null, calmWindows: 0 }, ended }
  }
  return { region: { ...watched, incident: grown, calmWindows }, ended: null }
}

/** Compares the newest windows with those before them; a score of null says that there is too little to compare. */
export function judge({ history, recent, incident }: Region, rules: AbandonmentRules): Judgement {
  const newest = incident ? recent : history.slice(-rules.recentWindows)
  const before = incident ? history : history.slice(0, -rules.recentWindows)
  const baseline = baselineOf(before.slice(-rules.baselineWindows), rules)
  let counts: Counts = [0, 0]
  for (const [decided, abandoned] of newest.toReversed()) {
    if (counts[0] >= rules.cartsMin) break
    counts = [counts[0] + decided, counts[1] + abandoned]
  }
  const score = baseline && counts[0] >= rules.cartsMin ? scoreOf(counts, baseline) : null
  return { counts, baseline: baseline?.rate ?? null, score }
}
