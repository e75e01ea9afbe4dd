// Reads business figures by minute, hour or day from the sums that were kept as events arrived.
import type { Database } from 'better-sqlite3'
import { emptySketch, estimateUsers, mergeSketch } from '../distinct-users.ts'
import type { Rollup, RollupQuery, RollupSum } from '../figures.ts'
import { type Span, spansBetween } from '../spans.ts'

const minuteMs = 60_000
const minutesPerHour = 60

/** Whole hours, and the minutes before and after them where a zone's day begins within an hour. */
interface Cut {
  /** The generation of the group's figures. */
  groupId: number
  firstMinute: number
  firstHour: number
  endHour: number
  endMinute: number
}

export function rollupReader(db: Database): (query: RollupQuery) => Rollup[] {
  const figuresOf = db
    .prepare<[string], number>('SELECT ifnull(figures_id, id) FROM consumer_group WHERE name = ?')
    .pluck()
  const columns = 'event_type, region, amount_bucket, events, amount_cents'
  const sums = db.prepare<[Cut], RollupSum>(`
    SELECT event_type AS eventType, nullif(region, '') AS region, amount_bucket AS amountBucket,
      sum(events) AS events, sum(amount_cents) AS amountCents
    FROM (
      SELECT ${columns} FROM event_hour WHERE group_id = @groupId AND hour >= @firstHour AND hour < @endHour
      UNION ALL
      SELECT ${columns} FROM event_minute
      WHERE group_id = @groupId AND minute >= @firstMinute AND minute < min(@firstHour * 60, @endMinute)
      UNION ALL
      SELECT ${columns} FROM event_minute
      WHERE group_id = @groupId AND minute >= max(@endHour * 60, @firstMinute) AND minute < @endMinute
        AND @endHour >= @firstHour
    ) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
  // Minutes and hours are rows as they lie; only a zone's days have to be put together.
  type Row = RollupSum & { at: number }
  const rowsOf = (table: string, unit: string) =>
    db.prepare<[number, number, number], Row>(`
      SELECT ${unit} AS at, event_type AS eventType, nullif(region, '') AS region, amount_bucket AS amountBucket,
        events, amount_cents AS amountCents
      FROM ${table} WHERE group_id = ? AND ${unit} >= ? AND ${unit} < ?
      ORDER BY ${unit}, event_type, region, amount_bucket`)
  const plain = { minute: rowsOf('event_minute', 'minute'), hour: rowsOf('event_hour', 'hour') }
  const sketches = db
    .prepare<[Cut], Buffer>(
      'SELECT sketch FROM hour_users WHERE group_id = @groupId AND hour >= @firstHour AND hour < @endHour',
    )
    .pluck()

  function usersIn(cut: Cut): number {
    const users = emptySketch()
    for (const sketch of sketches.iterate(cut)) mergeSketch(users, sketch)
    return estimateUsers(users)
  }

  function plainRollups(groupId: number, by: 'minute' | 'hour', spans: Span[]): Rollup[] {
    const unitMs = by === 'minute' ? minuteMs : minutesPerHour * minuteMs
    const [from, to] = [spans[0]?.from ?? 0, spans.at(-1)?.to ?? 0]
    const found: Rollup[] = []
    for (const { at, ...sum } of plain[by].iterate(groupId, from / unitMs, to / unitMs)) {
      const last = found.at(-1)
      if (last?.fromMs === at * unitMs) last.sums.push(sum)
      else found.push({ fromMs: at * unitMs, toMs: (at + 1) * unitMs, distinctUsers: null, sums: [sum] })
    }
    if (by === 'minute') return found
    return found.map((hour) => {
      return { ...hour, distinctUsers: usersIn(cutOf(groupId, { from: hour.fromMs, to: hour.toMs })) }
    })
  }

  return db.transaction(({ group, by, timeZone, ...stretch }: RollupQuery): Rollup[] => {
    const groupId = figuresOf.get(group)
    if (groupId === undefined) return []
    const spans = spansBetween(by, stretch, timeZone)
    if (by !== 'day') return plainRollups(groupId, by, spans)
    return spans.flatMap((span) => {
      const cut = cutOf(groupId, span)
      const found = sums.all(cut)
      if (found.length === 0) return []
      return [{ fromMs: span.from, toMs: span.to, distinctUsers: usersIn(cut), sums: found }]
    })
  })
}

function cutOf(groupId: number, { from, to }: Span): Cut {
  const firstMinute = Math.floor(from / minuteMs)
  const endMinute = Math.floor(to / minuteMs)
  const firstHour = Math.ceil(firstMinute / minutesPerHour)
  const endHour = Math.floor(endMinute / minutesPerHour)
  return { groupId, firstMinute, firstHour, endHour, endMinute }
}
