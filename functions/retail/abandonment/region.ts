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
  /** The newest closed windows, the oldest first: the last few are judged, all are shown. */
  lately: Counts[]
  /** What the baseline is made of: windows before those that are judged, but for those of incidents. */
  history: Counts[]
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

export const latelyMax = 60

export const newRegion = (region: string): Region => ({
  region,
  open: [0, 0],
  lately: [],
  history: [],
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
export function isForgettable({ open, lately, history, incident }: Region): boolean {
  return incident === null && [open, ...lately, ...history].every(([decided]) => decided === 0)
}

/** Closes the window that ends at `endMs`, and judges. An incident that it ends is answered, and is the region's no more. */
export function closeWindow(
  before: Region,
  endMs: number,
  rules: AbandonmentRules,
): { region: Region; ended: Incident | null } {
  const lately = [...before.lately, before.open].slice(-latelyMax)
  const region: Region = { ...before, open: [0, 0], lately, history: historyOf(before, rules) }
  const judgement = judge(region, rules)
  if (region.incident) return follow(region, region.incident, judgement, endMs, rules)
  return { region: { ...region, incident: incidentOf(region, judgement, endMs, rules) }, ended: null }
}

/** A window becomes part of the baseline when it is judged no more, unless an incident goes on. */
function historyOf({ lately, history, incident }: Region, rules: AbandonmentRules): Counts[] {
  const judged = lately.at(-rules.recentWindows)
  return judged && !incident ? [...history, judged].slice(-rules.baselineWindows) : history
}

function incidentOf(
  { region }: Region,
  { counts, baseline, score }: Judgement,
  endMs: number,
  rules: AbandonmentRules,
): Incident | null {
  if (baseline === null || score === null || score < rules.openScore) return null
  const rate = counts[1] / counts[0]
  if (rate - baseline < rules.openRise) return null
  const id = `${region}@${new Date(endMs).toISOString()}`
  return { id, region, openedMs: endMs, closedMs: null, end: null, baseline, rate, peakRate: rate, abandoned: 0 }
}

function follow(
  region: Region,
  incident: Incident,
  { counts, score }: Judgement,
  endMs: number,
  rules: AbandonmentRules,
): { region: Region; ended: Incident | null } {
  const isCalm = score === null || score < rules.closeScore
  const calmWindows = isCalm ? region.calmWindows + 1 : 0
  const rate = score === null ? 0 : counts[1] / counts[0]
  const grown: Incident = { ...incident, peakRate: Math.max(incident.peakRate, rate) }
  if (calmWindows >= rules.closeWindows) {
    const ended: Incident = { ...grown, closedMs: endMs, end: 'over' }
    return { region: { ...region, incident: null, calmWindows: 0 }, ended }
  }
  if (endMs - incident.openedMs >= rules.incidentMsMax) {
    const ended: Incident = { ...grown, closedMs: endMs, end: 'lasting' }
    return { region: { ...region, history: [], incident: null, calmWindows: 0 }, ended }
  }
  return { region: { ...region, incident: grown, calmWindows }, ended: null }
}

/**
 * Compares the newest windows with the baseline: the newest alone, then with those before it, and takes what stands out
 * most. A score of null says that there is too little to compare.
 */
export function judge({ lately, history }: Region, rules: AbandonmentRules): Judgement {
  const baseline = baselineOf(history, rules)
  let judgement: Judgement = { counts: [0, 0], baseline: baseline?.rate ?? null, score: null }
  let counts: Counts = [0, 0]
  for (const [decided, abandoned] of lately.slice(-rules.recentWindows).reverse()) {
    counts = [counts[0] + decided, counts[1] + abandoned]
    if (counts[0] < rules.cartsMin) continue
    const score = baseline && scoreOf(counts, baseline)
    if (judgement.counts[0] === 0 || (score ?? 0) > (judgement.score ?? 0)) judgement = { ...judgement, counts, score }
  }
  return judgement
}
