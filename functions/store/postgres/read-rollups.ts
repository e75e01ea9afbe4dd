// Reads business figures by minute, hour or day from the sums that were kept as events arrived.
import { emptySketch, estimateUsers, mergeSketch } from '../distinct-users.ts'
import type { Rollup, RollupQuery, RollupSum } from '../figures.ts'
import { type Cut, cutOf, minutesPerHour, type Span, spansBetween } from '../spans.ts'
import { numbers } from './columns.ts'
import type { Database, Statement } from './database.ts'

/** Sketches are 4 KiB an hour: a month of them for each statement. */
const daysPerRead = 31

/** The generation of the group's figures that is served. */
const figuresId = '(SELECT coalesce(figures_id, id) FROM consumer_group WHERE name = $1)'
const columns = 'event_type, region, amount_bucket, events, amount_cents'

/** Of each span the whole hours, and the minutes before and after them where a zone's day begins within an hour. */
const sumsOf: Statement = {
  name: 'rollup-sums',
  text: `SELECT place, event_type AS "eventType", nullif(region, '') AS region, amount_bucket AS "amountBucket",
      sum(events)::bigint AS events, sum(amount_cents)::bigint AS "amountCents"
    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
      WITH ORDINALITY AS span (first_minute, first_hour, end_hour, end_minute, place)
    CROSS JOIN LATERAL (
      SELECT ${columns} FROM event_hour WHERE group_id = ${figuresId} AND hour >= first_hour AND hour < end_hour
      UNION ALL
      SELECT ${columns} FROM event_minute WHERE group_id = ${figuresId}
        AND minute >= first_minute AND minute < least(first_hour * ${minutesPerHour}, end_minute)
      UNION ALL
      SELECT ${columns} FROM event_minute WHERE group_id = ${figuresId} AND end_hour >= first_hour
        AND minute >= greatest(end_hour * ${minutesPerHour}, first_minute) AND minute < end_minute
    ) AS parts
    GROUP BY 1, 2, region, 4 ORDER BY 1, 2, region, 4`,
}

const sketchesOf: Statement = {
  name: 'rollup-sketches',
  text: `SELECT place, sketch FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS span (first_hour, end_hour, place)
    JOIN hour_users ON group_id = ${figuresId} AND hour >= first_hour AND hour < end_hour`,
}

export function rollupReader(database: Database): (query: RollupQuery) => Promise<Rollup[]> {
  async function usersIn(group: string, cuts: Cut[]): Promise<number[]> {
    const users: number[] = []
    for (let from = 0; from < cuts.length; from += daysPerRead) {
      const asked = cuts.slice(from, from + daysPerRead)
      const columns = [numbers(asked.map(({ firstHour }) => firstHour)), numbers(asked.map(({ endHour }) => endHour))]
      const sketches = asked.map(emptySketch)
      for (const { place, sketch } of await database.rows<{ place: number; sketch: Uint8Array }>(sketchesOf, [
        group,
        ...columns,
      ])) {
        mergeSketch(sketches[place - 1] as Uint8Array, sketch)
      }
      users.push(...sketches.map(estimateUsers))
    }
    return users
  }

  return async ({ group, by, timeZone, ...stretch }) => {
    const spans = spansBetween(by, stretch, timeZone)
    const cuts = spans.map(cutOf)
    const rows = await database.rows<RollupSum & { place: number }>(sumsOf, [
      group,
      numbers(cuts.map(({ firstMinute }) => firstMinute)),
      numbers(cuts.map(({ firstHour }) => firstHour)),
      numbers(cuts.map(({ endHour }) => endHour)),
      numbers(cuts.map(({ endMinute }) => endMinute)),
    ])
    const sums = new Map<number, RollupSum[]>()
    for (const { place, ...sum } of rows) {
      const known = sums.get(place - 1)
      if (known) known.push(sum)
      else sums.set(place - 1, [sum])
    }
    const found = [...sums.keys()]
    const users =
      by === 'minute'
        ? []
        : await usersIn(
            group,
            found.map((place) => cuts[place] as Cut),
          )
    return found.map((place, index) => {
      const { from, to } = spans[place] as Span
      return { fromMs: from, toMs: to, distinctUsers: users[index] ?? null, sums: sums.get(place) as RollupSum[] }
    })
  }
}
