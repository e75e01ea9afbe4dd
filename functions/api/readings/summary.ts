// The numbers at the top of the page.
import { freshnessMs } from '../../status/freshness.ts'
import { totalLag } from '../../status/lag.ts'
import type { ArrivalSecond } from '../../store/figures.ts'
import type { ApiParts } from '../parts.ts'
import type { Health, Summary } from '../schemas.ts'
import type { LagReading } from './lag.ts'

const rateSeconds = 10
/** The share of dead letters is that of this long. */
export const errorRateSeconds = 300

export async function readSummary(
  parts: Pick<ApiParts, 'store' | 'now' | 'group' | 'topic' | 'thresholds' | 'samplePeriodMs'>,
  lag: () => Promise<LagReading>,
  health: () => Promise<Health>,
): Promise<Summary> {
  const { store, group, topic } = parts
  const totals = await store.totals(group)
  const newest = await store.newestEvent(group)
  const second = Math.floor(parts.now() / 1000)
  const arrivals = await store.arrivals({ group, fromSecond: second + 1 - errorRateSeconds, toSecond: second + 1 })
  const { partitions } = await lag()
  const complaints = complaintsWithout(group, await health())
  const mine = partitions.filter(({ sample }) => sample.group === group && sample.topic === topic)
  const total = totalLag(mine.map((partition) => partition.lag))
  const now = parts.now()
  return {
    now,
    ...totals,
    eventsPerSecond: eventsPerSecond(arrivals, second),
    errorRate: errorRate(arrivals),
    lag: { messages: total?.messages ?? null, seconds: total?.seconds ?? null, atLeast: total?.atLeast ?? false },
    newestEventAgeMs: freshnessMs(newest, now),
    sampledAt: mine.length === 0 ? null : Math.max(...mine.map(({ sample }) => sample.at)),
    samplePeriodMs: parts.samplePeriodMs,
    balanced: complaints.length === 0,
    complaints,
    thresholds: parts.thresholds,
  }
}

/** What does not add up in this group, or in general: another consumer's trouble is not this one's. */
function complaintsWithout(group: string, { accounts, complaints }: Health): string[] {
  const others = new Set(accounts.map((account) => account.group).filter((name) => name !== group))
  return complaints.filter((complaint) => ![...others].some((name) => speaksOf(complaint, name)))
}

function speaksOf(complaint: string, group: string): boolean {
  return complaint.startsWith(`${group}, `) || complaint.startsWith(`${group} committed `)
}

/** Newly stored over the last 10 whole seconds: the running one, `second`, is not whole. */
export function eventsPerSecond(arrivals: ArrivalSecond[], second: number): number {
  const whole = arrivals.filter((arrival) => arrival.second >= second - rateSeconds && arrival.second < second)
  return whole.reduce((sum, { events }) => sum + events, 0) / rateSeconds
}

/** New dead letters among all that arrived; null when nothing did. */
export function errorRate(arrivals: ArrivalSecond[]): number | null {
  const events = arrivals.reduce((sum, arrival) => sum + arrival.events, 0)
  const deadLetters = arrivals.reduce((sum, arrival) => sum + arrival.deadLetters, 0)
  return events + deadLetters === 0 ? null : deadLetters / (events + deadLetters)
}
