// Abandoned carts in words: what is normal, where it is not, and what was offered for it.
import type { Abandonment, AbandonmentRegion } from '../../functions/api/schemas/abandonment.ts'
import { count, counted, share } from '../../functions/status/words.ts'

export const regionName = (region: string | null) => region ?? 'no region'

export function abandonmentSentence({ decided, abandoned, incidents, offers }: Abandonment): string {
  if (decided === 0) return 'No cart was decided yet: each waits for its purchase first.'
  const open = incidents.filter(({ closedAt }) => closedAt === null)
  const where = open.map(({ region }) => regionName(region)).join(', ')
  const now = open.length === 0 ? 'no spike now' : `a spike in ${where}`
  return `${count(abandoned)} of ${counted(decided, 'cart')} abandoned, ${now}; ${counted(offers.made, 'offer')} made, ${count(offers.published)} sent.`
}

/** "31%, 4.2 spreads above its 12%": how far a region is from what is usual for it. */
export function regionWords({ state, rate, baseline, score }: AbandonmentRegion): string {
  if (rate === null) return 'too few carts to judge'
  if (baseline === null || score === null || state === 'learning') return `${share(rate)}, still learning what is usual`
  const distance = `${Math.abs(score).toFixed(1)} spreads ${score < 0 ? 'below' : 'above'}`
  return `${share(rate)}, ${distance} its usual ${share(baseline)}`
}
