// Abandoned carts as the page is told of them: the state of the second consumer, its incidents, and how fast its offers were.
import { judge, type Region } from '../../retail/abandonment/region.ts'
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
import type { AbandonmentStore, IncidentRow, OfferSteps } from '../../store/abandonment.ts'
import type { Abandonment, AbandonmentIncident, AbandonmentRegion } from '../schemas/abandonment.ts'

export interface AbandonmentParts {
  group: string
  offersTopic: string
  rules: AbandonmentRules
}

const regionsShown = 20
const incidentsShown = 50
const offersMeasured = 1_000

/** null where the group has no state yet. */
export async function readAbandonment(
  store: Pick<AbandonmentStore, 'overview' | 'incidents' | 'offerSteps'>,
  now: () => number,
  { group, offersTopic, rules }: AbandonmentParts,
): Promise<Abandonment> {
  const [overview, incidents, steps] = await Promise.all([
    store.overview(group),
    store.incidents({ group, limit: incidentsShown }),
    store.offerSteps({ group, limit: offersMeasured }),
  ])
  const { abandonMs, latenessMs, windowMs, openScore, openRise, closeScore } = rules
  const { made, published } = overview?.offers ?? { made: 0, published: 0 }
  const watermarkMs = overview?.watermarkMs ?? null
  return {
    now: now(),
    group,
    offersTopic,
    rules: { abandonMs, latenessMs, windowMs, openScore, openRise, closeScore },
    watermark: watermarkMs === null ? null : isoTime(watermarkMs),
    shoppers: overview?.shoppers ?? 0,
    late: overview?.late ?? 0,
    decided: overview?.decided ?? 0,
    abandoned: overview?.abandoned ?? 0,
    regions: shown(overview?.regions ?? []).map((region) => regionAnswer(region, overview?.settledMs ?? 0, rules)),
    incidents: incidents.map(incidentAnswer),
    offers: { made, published, waiting: made - published },
    latency: latencyOf(steps, latenessMs),
  }
}

function shown(regions: Region[]): Region[] {
  const carts = ({ lately, open }: Region) => [...lately, open].reduce((sum, [decided]) => sum + decided, 0)
  const busiest = regions.toSorted((a, b) => carts(b) - carts(a)).slice(0, regionsShown)
  return busiest.sort((a, b) => (a.region < b.region ? -1 : 1))
}

function regionAnswer(region: Region, settledMs: number, rules: AbandonmentRules): AbandonmentRegion {
  const { counts, baseline, score } = judge(region, rules)
  const [decided, abandoned] = counts
  const windows = region.lately
  const endMs = Math.floor(settledMs / rules.windowMs) * rules.windowMs
  return {
    region: region.region || null,
    state: region.incident ? 'spike' : score === null ? 'learning' : 'normal',
    rate: decided === 0 ? null : abandoned / decided,
    baseline,
    score,
    windows: windows.map(([decided, abandoned], index) => ({
      at: isoTime(endMs - (windows.length - index) * rules.windowMs),
      decided,
      abandoned,
    })),
  }
}

function incidentAnswer(incident: IncidentRow): AbandonmentIncident {
  const { id, region, openedMs, closedMs, end, baseline, rate, peakRate, abandoned, offers, published } = incident
  return {
    id,
    region: region || null,
    openedAt: isoTime(openedMs),
    closedAt: closedMs === null ? null : isoTime(closedMs),
    ...{ end, baseline, rate, peakRate, abandoned, offers, published },
  }
}

function latencyOf(steps: OfferSteps[], latenessMs: number): Abandonment['latency'] {
  const decide = steps.map(({ deadlineMs, decidedMs }) => decidedMs - deadlineMs - latenessMs)
  const publish = steps.map(({ decidedMs, publishedMs }) => publishedMs - decidedMs)
  const total = steps.map(({ deadlineMs, publishedMs }) => publishedMs - deadlineMs - latenessMs)
  return { decide: quantiles(decide), publish: quantiles(publish), total: quantiles(total) }
}

function quantiles(values: number[]): Abandonment['latency']['total'] {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) as number }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
