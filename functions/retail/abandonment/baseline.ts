// What share of carts is abandoned as a rule, and by how much that share wavers: a robust statistic.
import type { AbandonmentRules } from './rules.ts'

/** Carts decided in one window, and how many of them were abandoned. */
export type Counts = [decided: number, abandoned: number]

export interface Baseline {
  /** The median share, 0 to 1. */
  rate: number
  /** How much more the shares waver than chance alone lets them: 1 is chance. */
  waver: number
}

/** 1.4826 median deviations are one standard deviation of normal noise. */
const perDeviation = 1.4826

/**
 * The median of the windows' shares, and how far they lie from it by the median: a few strange windows change neither.
 * Windows of few carts are joined into blocks first, for a share of three carts is no share. null while there are too
 * few blocks.
 */
export function baselineOf(windows: Counts[], { cartsMin, blocksMin }: AbandonmentRules): Baseline | null {
  const blocks = blocksOf(windows, cartsMin)
  if (blocks.length < blocksMin) return null
  const rate = median(blocks.map(([decided, abandoned]) => abandoned / decided))
  const waver = perDeviation * median(blocks.map((block) => Math.abs(surpriseOf(block, rate))))
  return { rate, waver: Math.max(1, waver) }
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

/** How many standard deviations `counts` lie above the baseline: of chance, and of the shop's own wavering. */
export function scoreOf(counts: Counts, { rate, waver }: Baseline): number {
  return surpriseOf(counts, rate) / waver
}

/**
 * How surprising so many abandoned carts are where `rate` is the rule, in standard deviations of chance: the signed root
 * of the likelihood ratio. Unlike the plain distance it holds for few carts and rare events too.
 */
function surpriseOf([decided, abandoned]: Counts, rate: number): number {
  // No share is taken for impossible.
  const expected = Math.min(Math.max(rate, 0.01), 0.99)
  const found = abandoned / decided
  const gain = term(found, expected) + term(1 - found, 1 - expected)
  return Math.sign(found - expected) * Math.sqrt(2 * decided * Math.max(0, gain))
}

function term(found: number, expected: number): number {
  return found === 0 ? 0 : found * Math.log(found / expected)
}
