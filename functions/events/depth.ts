// How deeply a JSON value is nested, counted no further than anyone asks.

/** Levels of nesting: 0 for a scalar, 1 for `{}` or `[]`. Counting stops just above `max`, so a bomb costs little. */
export function depthOf(value: unknown, max: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (max <= 0) return 1
  let deepest = 0
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key]
    if (typeof inner !== 'object') continue
    deepest = Math.max(deepest, depthOf(inner, max - 1))
    if (deepest >= max) break
  }
  return deepest + 1
}
