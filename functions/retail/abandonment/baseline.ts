// What share of carts is abandoned as a rule, and by how much that share wavers: a robust statistic.
import type { AbandonmentRules } from './rules.ts'

/** Carts decided in one window, and how many of them were abandoned. */
export type Counts = [decided: number, abandoned: number]

export interface Baseline {
  /** 0 to 1 */
  rate: number
  /** What the blocks' own wavering amounts to, as one standard deviation. */
  spread: number
}

/** 1.4826 median deviations are one standard deviation of normal noise. */
const perDeviation = 1.4826

/**
 * The median of the windows' shares and their median absolute deviation, so that a few strange windows change neither.
 * Windows of few carts are joined into blocks first, for a share of three carts is no share. null while there are too
 * few blocks.
 */
export function baselineOf(windows: Counts[], { cartsMin, blocksMin }: AbandonmentRules): Baseline | null {
  const rates = blocksOf(windows, cartsMin).map(([decided, abandoned]) => abandoned / decided)
  if (rates.length < blocksMin) return null
  const rate = median(rates)
  return { rate, spread: perDeviation * median(rates.map((one) => Math.abs(one - rate))) }
}

/** Neighbours joined until each block holds enough; the newest windows form whole blocks first. */
function blocksOf(windows: Counts[], cartsMin: number): Counts[] {
  const blocks: Counts[] = []
  let [decided, abandoned] = [0, 0]
  for (const window of windows.toReversed()) {
    decided += window[0]
    abandoned += window[1]
    if (decided < cartsMin) continue
    blocks.push([decided, abandoned])
    decided = abandoned = 0
  }
  return blocks
}

/** Of an uneven number the middle one; of an even number the mean of the two. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

/**
 * How many standard deviations `recent` lies above the baseline: of the shop's own wavering, or of what chance alone
 * does to so few carts, whichever is more.
 */
export function scoreOf([decided, abandoned]: Counts, { rate, spread }: Baseline): number {
  const chance = Math.min(Math.max(rate, 0.02), 0.98)
  const noise = Math.sqrt((chance * (1 - chance)) / decided)
  return (abandoned / decided - rate) / Math.max(spread, noise)
}
