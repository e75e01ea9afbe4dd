// What a series of lag samples says: does the backlog grow, when will it be done, does a partition stand still.
import type { FigureReading, LagReading } from './board.ts'

/** The trend is read over this much of the past, or over five samples where they are further apart. */
const trendMsMin = 30_000
/** With fewer samples a slope is noise. */
const samplesMin = 3

export interface PartitionKey {
  group: string
  topic: string
  partition: number
}

export interface Stalled {
  topic: string
  partition: number
  /** The next to read when committed: where it stands still. */
  offset: number
  forMs: number
}

interface Sample {
  at: number
  messages: number
  committedOffset: number | null
}

/** Messages per second by which the shop's backlog grows, or shrinks (below 0); null: too few samples to tell. */
export function backlogTrend(figures: FigureReading[], periodMs: number): number | null {
  const points = figures.flatMap(({ at, lagMessages }) => (lagMessages === null ? [] : [{ at, value: lagMessages }]))
  return slope(points, periodMs)
}

/** The same of one partition of one group. */
export function partitionTrend(readings: LagReading[], key: PartitionKey, periodMs: number): number | null {
  return slope(
    samplesOf(readings, key).map(({ at, messages }) => ({ at, value: messages })),
    periodMs,
  )
}

/**
 * The partition whose commit has stood still the longest while messages waited for it in every sample, if that is
 * longer than five sampling periods and 10 s. Our choice: shorter ones are batches at work.
 */
export function stalledPartition(readings: LagReading[], periodMs: number): Stalled | null {
  const latest = readings.at(-1)
  const patienceMs = Math.max(10_000, 5 * periodMs)
  let worst: Stalled | null = null
  for (const each of latest?.lag.groups ?? []) {
    for (const { partition } of each.partitions) {
      const samples = samplesOf(readings, { group: each.group, topic: each.topic, partition })
      const forMs = standsStillMs(samples)
      const offset = samples.at(-1)?.committedOffset ?? 0
      if (forMs >= patienceMs && forMs > (worst?.forMs ?? 0)) worst = { topic: each.topic, partition, offset, forMs }
    }
  }
  return worst
}

function standsStillMs(samples: Sample[]): number {
  const last = samples.at(-1)
  if (!last || last.messages === 0) return 0
  let since = last.at
  for (let i = samples.length - 1; i >= 0; i--) {
    const sample = samples[i] as Sample
    if (sample.messages === 0 || sample.committedOffset !== last.committedOffset) break
    since = sample.at
  }
  return last.at - since
}

function samplesOf(readings: LagReading[], key: PartitionKey): Sample[] {
  return readings.flatMap(({ at, lag }) => {
    const group = lag.groups.find((each) => each.group === key.group && each.topic === key.topic)
    const found = group?.partitions.find(({ partition }) => partition === key.partition)
    return found ? [{ at, messages: found.messages, committedOffset: found.committedOffset }] : []
  })
}

/** Least squares over the last samples, so that one odd sample does not turn the arrow. */
function slope(points: { at: number; value: number }[], periodMs: number): number | null {
  const trendMs = Math.max(trendMsMin, 5 * periodMs)
  const end = points.at(-1)?.at ?? 0
  const recent = points.filter(({ at }) => end - at <= trendMs)
  if (recent.length < samplesMin) return null
  const meanAt = mean(recent.map(({ at }) => at))
  const meanValue = mean(recent.map(({ value }) => value))
  let products = 0
  let squares = 0
  for (const { at, value } of recent) {
    products += (at - meanAt) * (value - meanValue)
    squares += (at - meanAt) ** 2
  }
  return squares === 0 ? null : (products / squares) * 1000
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
