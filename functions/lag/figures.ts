// What CloudWatch is told once a sampling: the figures that the dashboard draws lines for.
import { errorRate, errorRateSeconds } from '../api/readings/summary.ts'
import { freshnessMs } from '../status/freshness.ts'
import type { Store } from '../store/store.ts'

export interface Figures {
  /** Absent while nothing was ever stored. */
  NewestEventAgeSeconds?: number
  ErrorRate: number
}

/** At `nowMs`, by the same rules as the API's summary. Where nothing arrived, nothing was put aside. */
export async function readFigures(
  store: Pick<Store, 'newestEvent' | 'arrivals'>,
  group: string,
  nowMs: number,
): Promise<Figures> {
  const second = Math.floor(nowMs / 1000)
  const arrivals = await store.arrivals({ group, fromSecond: second + 1 - errorRateSeconds, toSecond: second + 1 })
  const ageMs = freshnessMs(await store.newestEvent(group), nowMs)
  return { ...(ageMs !== null && { NewestEventAgeSeconds: ageMs / 1000 }), ErrorRate: errorRate(arrivals) ?? 0 }
}

/**
 * A line of the log that CloudWatch reads as metrics of this namespace.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricLine(namespace: string, group: string, figures: Figures, nowMs: number): string {
  const metrics = Object.keys(figures).map((name) => ({ Name: name }))
  const directive = { Namespace: namespace, Dimensions: [['Group']], Metrics: metrics }
  return JSON.stringify({ _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] }, Group: group, ...figures })
}
