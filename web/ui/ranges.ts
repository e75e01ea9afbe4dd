// The ranges one can look at, and how each is drawn: in steps that a chart has room for.

export const ranges = ['5m', '30m', '2h', '24h'] as const
export type Range = (typeof ranges)[number]

/** `by` is the span of business figures: minutes go with their events, hours stay. */
export const rangeForms = {
  '5m': { words: '5 minutes', label: '5 min', ms: 300_000, stepMs: 2_000, by: 'minute' },
  '30m': { words: '30 minutes', label: '30 min', ms: 1_800_000, stepMs: 10_000, by: 'minute' },
  '2h': { words: '2 hours', label: '2 h', ms: 7_200_000, stepMs: 30_000, by: 'minute' },
  '24h': { words: '24 hours', label: '24 h', ms: 86_400_000, stepMs: 300_000, by: 'hour' },
} as const
