// The pipeline's alarms, judged from the same facts and by the same thresholds as the page's panels and the cloud's alarms.
import type { SummaryFacts } from './facts.ts'
import { counted, share, span } from './words.ts'

export const alertNames = ['lag', 'error-rate', 'newest-event-age', 'account', 'sampler'] as const

export interface Alert {
  name: (typeof alertNames)[number]
  /** unknown: nothing is there to be judged; that is neither health nor failure. */
  state: 'firing' | 'ok' | 'unknown'
  /** In `unit`; null when it is not known. */
  value: number | null
  threshold: number
  unit: 'seconds' | 'ratio' | 'complaints'
  /** One sentence for people. */
  text: string
}

/** Our choice: a sampler is silent after 2.5 periods, yet not before ten seconds. */
const silentPeriods = 2.5
const silentMsMin = 10_000

/** All five, in their order. */
export function alertsOf(facts: SummaryFacts): Alert[] {
  return [lag(facts), errorRate(facts), newestEventAge(facts), account(facts), sampler(facts)]
}

function lag(facts: SummaryFacts): Alert {
  const threshold = facts.thresholds.lagSeconds
  const { seconds, atLeast } = facts.lag
  const alert = { name: 'lag' as const, threshold, unit: 'seconds' as const, value: seconds }
  if (seconds === null) return { ...alert, state: 'unknown', text: 'The lag was never sampled.' }
  const words = `${atLeast ? 'at least ' : ''}${span(seconds * 1000)} behind`
  if (isSilent(facts)) return { ...alert, state: 'unknown', text: `It was ${words}; nobody has looked lately.` }
  return { ...alert, state: seconds >= threshold ? 'firing' : 'ok', text: `The consumer is ${words}.` }
}

function errorRate({ errorRate, thresholds }: SummaryFacts): Alert {
  const alert = {
    name: 'error-rate' as const,
    threshold: thresholds.errorRate,
    unit: 'ratio' as const,
    value: errorRate,
  }
  if (errorRate === null) return { ...alert, state: 'unknown', text: 'Nothing arrived in 5\u00a0min.' }
  const isHigh = errorRate > 0 && errorRate >= thresholds.errorRate
  return { ...alert, state: isHigh ? 'firing' : 'ok', text: `${share(errorRate)} were put aside in 5\u00a0min.` }
}

function newestEventAge({ newestEventAgeMs, thresholds }: SummaryFacts): Alert {
  const threshold = thresholds.newestEventAgeSeconds
  const alert = { name: 'newest-event-age' as const, threshold, unit: 'seconds' as const }
  if (newestEventAgeMs === null) return { ...alert, value: null, state: 'unknown', text: 'No event is stored yet.' }
  const value = newestEventAgeMs / 1000
  const text = `The newest event is ${span(newestEventAgeMs)} old.`
  return { ...alert, value, state: value > threshold ? 'firing' : 'ok', text }
}

function account({ balanced, complaints }: SummaryFacts): Alert {
  const alert = { name: 'account' as const, threshold: 1, unit: 'complaints' as const, value: complaints.length }
  if (balanced) return { ...alert, state: 'ok', text: 'Every offset is accounted for, as far as it was looked.' }
  return {
    ...alert,
    state: 'firing',
    text: `${counted(complaints.length, 'complaint')}: ${complaints[0] ?? 'see health'}.`,
  }
}

function sampler(facts: SummaryFacts): Alert {
  const threshold = patienceMs(facts) / 1000
  const { sampledAgeMs, unsampledMs } = facts
  const alert = { name: 'sampler' as const, threshold, unit: 'seconds' as const }
  if (sampledAgeMs === null) {
    const state = unsampledMs > patienceMs(facts) ? 'firing' : 'unknown'
    return { ...alert, value: null, state, text: 'The lag was never sampled.' }
  }
  const text = `The lag was sampled ${span(sampledAgeMs)} ago.`
  return { ...alert, value: sampledAgeMs / 1000, state: isSilent(facts) ? 'firing' : 'ok', text }
}

function isSilent(facts: SummaryFacts): boolean {
  return facts.sampledAgeMs !== null && facts.sampledAgeMs > patienceMs(facts)
}

function patienceMs({ samplePeriodMs }: SummaryFacts): number {
  return Math.max(silentMsMin, silentPeriods * samplePeriodMs)
}
