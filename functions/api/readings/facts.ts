// The summary as the facts that verdict and alerts are judged from.
import type { SummaryFacts } from '../../status/facts.ts'
import type { Summary } from '../schemas.ts'

/** `watchedMs`: how long somebody has been looking, for a pipeline that has just started is not one without a sampler. */
export function summaryFacts(summary: Summary, watchedMs: number): SummaryFacts {
  const { now, sampledAt } = summary
  return {
    ...summary,
    sampledAgeMs: sampledAt === null ? null : Math.max(0, now - sampledAt),
    unsampledMs: sampledAt === null ? watchedMs : 0,
  }
}
