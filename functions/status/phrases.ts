// Parts of sentences that several verdicts share.
import type { SummaryFacts } from './facts.ts'
import { age, counted, share } from './words.ts'

export function newestWords({ newestEventAgeMs }: SummaryFacts): string {
  return newestEventAgeMs === null ? 'no event stored yet' : `newest event ${age(newestEventAgeMs)} old`
}

export function lagWords({ lag }: SummaryFacts): string {
  if (lag.messages === null) return 'lag is not known yet'
  return lag.messages === 0 ? 'Consumer up to date' : `${counted(lag.messages, 'message')} behind`
}

export function errorsHigh({ errorRate, thresholds }: SummaryFacts): boolean {
  return errorRate !== null && errorRate > 0 && errorRate >= thresholds.errorRate
}

export function errorWords({ errorRate }: SummaryFacts): string {
  if (errorRate === null) return 'nothing arrived in 5\u00a0min'
  return errorRate === 0 ? 'nothing put aside in 5\u00a0min' : `${share(errorRate)} put aside in 5\u00a0min`
}
