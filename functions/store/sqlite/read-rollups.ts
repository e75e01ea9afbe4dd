// Reads business figures by minute, hour or day from the sums that were kept as events arrived.
import type { Database, Statement } from 'better-sqlite3'
import { emptySketch, estimateUsers, mergeSketch } from '../distinct-users.ts'
import type { Rollup, RollupQuery, RollupSum } from '../figures.ts'
import { keptRollups } from '../kept-rollups.ts'
import { type Cut, cutOf, minuteMs, minutesPerHour, type Span, spansBetween } from '../spans.ts'

interface CutOfFigures extends Cut {
  /** The generation of the group's figures. */
  figuresId: number
}

type SumCells = [eventType: string, region: string, amountBucket: string, events: number, amountCents: number]
type SumRead = Statement<[CutOfFigures], SumCells>

/** Under load one span in sixty changes between two readings, so the others are kept in memory: see kept-rollups.ts. */
export function rollupReader(db: Database): (query: RollupQuery) => Rollup[] {
  const figuresOf = db
    .prepare<[string], number>('SELECT ifnull(figures_id, id) FROM consumer_group WHERE name = ?')
    .pluck()
  const countsOf = countReader(db)
  const sumsOf = sumReads(db)
  const sketches = db
    .prepare<[CutOfFigures], Buffer>(
      'SELECT sketch FROM hour_users WHERE group_id = @figuresId AND hour >= @firstHour AND hour < @endHour',
    )
    .pluck()
  const kept = keptRollups()

  function usersIn(cut: CutOfFigures): number {
    const users = emptySketch()
    for (const sketch of sketches.iterate(cut)) mergeSketch(users, sketch)
    return estimateUsers(users)
  }

  function read(by: RollupQuery['by'], cut: CutOfFigures, { from, to }: Span): Rollup {
    return {
      fromMs: from,
      toMs: to,
      distinctUsers: by === 'minute' ? null : usersIn(cut),
      sums: sumsOf[by].all(cut).map(toSum),
    }
  }

  return db.transaction(({ group, by, timeZone, ...stretch }: RollupQuery): Rollup[] => {
    const figuresId = figuresOf.get(group)
    if (figuresId === undefined) return []
    const spans = spansBetween(by, stretch, timeZone)
    const countOf = countsOf(figuresId, by, spans)
    return spans.flatMap((span) => {
      const cut = { figuresId, ...cutOf(span) }
      const events = countOf(cut)
      if (events === 0) return []
      const rollup = kept.of(`${figuresId} ${by} ${span.from} ${span.to}`, events, () => read(by, cut, span))
      // An hour that two days share counts for both.
      return rollup.sums.length === 0 ? [] : [rollup]
    })
  })
}

/** Prepares the counting of a span's events, which is where figures differ from what was read before. */
function countReader(db: Database) {
  const prepare = (sql: string) => db.prepare<[number, number, number], [at: number, events: number]>(sql).raw()
  const range = (unit: string) => `WHERE group_id = ? AND ${unit} >= ? AND ${unit} < ?`
  const ofMinutes = prepare(`SELECT minute, sum(events) FROM event_minute ${range('minute')} GROUP BY minute`)
  const ofHours = prepare(`SELECT hour, events FROM hour_count ${range('hour')}`)

  return (figuresId: number, by: RollupQuery['by'], spans: Span[]): ((cut: Cut) => number) => {
    const [from, to] = [spans[0]?.from ?? 0, spans.at(-1)?.to ?? 0]
    if (by === 'minute') {
      const counts = new Map(ofMinutes.all(figuresId, from / minuteMs, to / minuteMs))
      return ({ firstMinute }) => counts.get(firstMinute) ?? 0
    }
    // A day that begins within an hour is read again when either day of that hour has changed.
    const hourMs = minutesPerHour * minuteMs
    const counts = new Map(ofHours.all(figuresId, Math.floor(from / hourMs), Math.ceil(to / hourMs)))
    return ({ firstMinute, endMinute }) => {
      let events = 0
      const end = Math.ceil(endMinute / minutesPerHour)
      for (let hour = Math.floor(firstMinute / minutesPerHour); hour < end; hour++) events += counts.get(hour) ?? 0
      return events
    }
  }
}

/** Minutes and hours are rows as they lie; only a zone's days have to be put together. */
function sumReads(db: Database): Record<RollupQuery['by'], SumRead> {
  const prepare = (sql: string): SumRead => db.prepare<[CutOfFigures], SumCells>(sql).raw()
  const columns = 'event_type, region, amount_bucket, events, amount_cents'
  const key = 'event_type, region, amount_bucket'
  return {
    minute: prepare(
      `SELECT ${columns} FROM event_minute WHERE group_id = @figuresId AND minute = @firstMinute ORDER BY ${key}`,
    ),
    hour: prepare(
      `SELECT ${columns} FROM event_hour WHERE group_id = @figuresId AND hour = @firstHour ORDER BY ${key}`,
    ),
    day: prepare(`
      SELECT ${key}, sum(events), sum(amount_cents) FROM (
        SELECT ${columns} FROM event_hour WHERE group_id = @figuresId AND hour >= @firstHour AND hour < @endHour
        UNION ALL
        SELECT ${columns} FROM event_minute
        WHERE group_id = @figuresId AND minute >= @firstMinute AND minute < min(@firstHour * 60, @endMinute)
        UNION ALL
        SELECT ${columns} FROM event_minute
        WHERE group_id = @figuresId AND minute >= max(@endHour * 60, @firstMinute) AND minute < @endMinute
          AND @endHour >= @firstHour
      ) GROUP BY ${key} ORDER BY ${key}`),
  }
}

function toSum([eventType, region, amountBucket, events, amountCents]: SumCells): RollupSum {
  return { eventType, region: region === '' ? null : region, amountBucket, events, amountCents }
}
