// Whether a backlog grows or shrinks, and when it will be done, from samples of offsets.
import { messagesBehind, type OffsetSample } from './lag.ts'

export interface LagTrend {
  /** Above 0 it grows, below 0 it shrinks; null: too few samples to tell. */
  messagesPerSecond: number | null
  /** Seconds until it is done at this rate; 0 when nothing waits, null when it does not shrink or nobody can tell. */
  etaSeconds: number | null
}

/** The trend is read over this much of the past, or over five samples where they are further apart. */
const trendMsMin = 30_000
/** With fewer a slope is noise. */
const samplesMin = 3

/** `samples` ascending by time. The slope is that of the straight line that fits them best. */
export function lagTrend(samples: OffsetSample[], periodMs: number): LagTrend {
  const latest = samples.at(-1)
  if (!latest) return { messagesPerSecond: null, etaSeconds: null }
  const since = latest.at - Math.max(trendMsMin, 5 * periodMs)
  const points = samples.filter(({ at }) => at >= since).map((sample) => [sample.at, messagesBehind(sample).messages])
  const { messages } = messagesBehind(latest)
  const messagesPerSecond = points.length < samplesMin ? null : slope(points as [number, number][])
  const isShrinking = messagesPerSecond !== null && messagesPerSecond < 0
  return { messagesPerSecond, etaSeconds: messages === 0 ? 0 : isShrinking ? messages / -messagesPerSecond : null }
}

/** Least squares, per second; null when all points are of one moment. */
function slope(points: [number, number][]): number | null {
  const count = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (spread === 0) return null
  return (points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread) * 1000
}
