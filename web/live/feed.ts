// The feed: a bounded list of the newest rows, newest first. It is never mutated, so pausing is keeping an old one.
import type { EventRow } from '../../functions/api/schemas.ts'

export const rowsHeldMax = 200
export const rowsShownMax = 50

export interface Feed {
  /** Newest first, at most `rowsHeldMax`. */
  rows: EventRow[]
  /** The highest seq that was taken in; a row at or below it came before. */
  seq: number
  /** Rows that have arrived since the page was opened, skipped ones included. */
  arrived: number
  /** Of these, rows that the server counted but did not send. */
  skipped: number
}

export const emptyFeed: Feed = { rows: [], seq: 0, arrived: 0, skipped: 0 }

/** Takes in rows in any order, once each: what came before a reconnect may come again after it. */
export function addRows(feed: Feed, rows: EventRow[], skipped: number): Feed {
  const newer = rows.filter((row) => row.seq > feed.seq)
  const held = newer.length < rows.length ? new Set(feed.rows.map(({ seq }) => seq)) : null
  // Older ones are taken too, so that a first page may come after the first frame of the stream.
  const fresh = held ? rows.filter((row) => row.seq > feed.seq || !held.has(row.seq)) : newer
  if (fresh.length === 0 && skipped === 0) return feed
  const all = fresh.length === 0 ? feed.rows : fresh.concat(feed.rows).sort((a, b) => b.seq - a.seq)
  return {
    rows: all.slice(0, rowsHeldMax),
    seq: all[0]?.seq ?? feed.seq,
    arrived: feed.arrived + newer.length + skipped,
    skipped: feed.skipped + skipped,
  }
}

/**
 * Which rows the table draws now: fresh ones where they can be seen, and elsewhere what stands there already. Nobody sees
 * the difference, and laying out text is most of what the page costs.
 */
export function refill(drawn: EventRow[], rows: EventRow[], isSeen: (index: number) => boolean): EventRow[] {
  return rows.map((row, i) => (isSeen(i) ? row : (drawn[i] ?? row)))
}

/** Which of the held rows are looked at; '' is no condition. */
export interface Filter {
  type: string
  region: string
  /** The user's id as text. */
  user: string
}

/** What the table shows: the newest rows of the live feed, or of the one that was kept when it was paused. */
export function feedView(live: Feed, kept: Feed | null, filter: Filter): { matching: EventRow[]; newCount: number } {
  const { rows, arrived } = kept ?? live
  const isAll = !filter.type && !filter.region && !filter.user
  return { matching: isAll ? rows : rows.filter((row) => matches(row, filter)), newCount: live.arrived - arrived }
}

function matches(row: EventRow, { type, region, user }: Filter): boolean {
  if (type && row.event_type !== type) return false
  if (region && row.region !== region) return false
  return !user || String(row.user_id) === user
}
