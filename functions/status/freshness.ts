// Freshness: how old the newest stored event is. Silence is never shown as health, so empty is null and not 0.

/**
 * Milliseconds since the newest stored event, counted from the earlier of its Kafka timestamp and the moment it was
 * stored: a replay of last month must not read as fresh, nor must a record stamped in the future. Null when nothing is
 * stored. A record without a Kafka timestamp (negative) counts from when it was stored.
 */
export function freshnessMs(newest: { recordMs: number; arrivedMs: number } | null, nowMs: number): number | null {
  if (newest === null) return null
  const sinceMs = newest.recordMs >= 0 ? Math.min(newest.recordMs, newest.arrivedMs) : newest.arrivedMs
  // Another machine's clock may be ahead of ours; an age below zero would only puzzle.
  return Math.max(0, nowMs - sinceMs)
}
