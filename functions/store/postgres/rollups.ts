// Sums of one batch, gathered in memory and added to the store's in few rows.
import type { EnrichedEvent } from '../../events/event.ts'
import { addUser, emptySketch } from '../distinct-users.ts'
import { bytes, numbers, storableText, texts } from './columns.ts'
import type { Session, Statement } from './database.ts'

const addArrival: Statement = {
  name: 'add-arrival',
  text: `INSERT INTO arrival_second VALUES ($1, $2, $3, $4) ON CONFLICT (group_id, second) DO UPDATE
    SET events = arrival_second.events + excluded.events,
      dead_letters = arrival_second.dead_letters + excluded.dead_letters`,
}

const addSums = (table: 'event_minute' | 'event_hour', unit: 'minute' | 'hour'): Statement => ({
  name: `add-${table}`,
  text: `INSERT INTO ${table}
    SELECT $1::integer, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    ON CONFLICT (group_id, ${unit}, event_type, region, amount_bucket) DO UPDATE
    SET events = ${table}.events + excluded.events, amount_cents = ${table}.amount_cents + excluded.amount_cents`,
})
const addMinutes = addSums('event_minute', 'minute')
const addHours = addSums('event_hour', 'hour')

const setSketches: Statement = {
  name: 'set-sketches',
  text: `INSERT INTO hour_users SELECT $1::integer, * FROM unnest($2::bigint[], $3::bytea[])
    ON CONFLICT (group_id, hour) DO UPDATE SET sketch = excluded.sketch`,
}

/** The part of an event that figures are made of. */
export type SummedEvent = Pick<
  EnrichedEvent,
  'event_type' | 'amount_bucket' | 'amount_cents' | 'event_ms' | 'region' | 'user_id'
>

export interface Arrival {
  ms: number
  events: number
  deadLetters: number
}

/** Adds new rows to the second of their arrival. */
export function writeArrival(session: Session, groupId: number, { ms, events, deadLetters }: Arrival): void {
  if (events + deadLetters > 0) session.send(addArrival, [groupId, Math.floor(ms / 1000), events, deadLetters])
}

/**
 * Adds new events to the minute and the hour of their own time, in a generation of figures.
 *
 * @param sketches of the users of these hours, as far as there are any
 */
export function writeRollups(
  session: Session,
  figuresId: number,
  sketches: Map<number, Uint8Array>,
  events: SummedEvent[],
): void {
  session.send(addMinutes, [figuresId, ...sumsBy(minuteOf, events)])
  session.send(addHours, [figuresId, ...sumsBy(hourOf, events)])
  const changed = changedSketches(sketches, events)
  if (changed.length === 0) return
  const hours = numbers(changed.map(({ hour }) => hour))
  session.send(setSketches, [figuresId, hours, bytes(changed.map(({ sketch }) => sketch))])
}

function minuteOf({ event_ms }: SummedEvent): number {
  return Math.floor(event_ms / 60_000)
}

/** Whole hours since 1970, UTC. */
export function hourOf({ event_ms }: SummedEvent): number {
  return Math.floor(event_ms / 3_600_000)
}

interface Sum {
  at: number
  eventType: string
  region: string
  amountBucket: string
  events: number
  cents: number
}

/** The sums' columns, in the order of the tables' and with one row for each key. */
function sumsBy(unitOf: (event: SummedEvent) => number, events: SummedEvent[]): string[] {
  const sums = new Map<string, Sum>()
  for (const event of events) {
    const { event_type: eventType, amount_bucket: amountBucket, amount_cents: cents } = event
    const at = unitOf(event)
    // As the table will hold it: two regions must not become one key twice in a statement.
    const region = storableText(event.region ?? '')
    // The region comes last, for it is the only part that may hold any character.
    const key = `${at}/${eventType}/${amountBucket}/${region}`
    const sum = sums.get(key)
    if (sum) {
      sum.events++
      sum.cents += cents
    } else sums.set(key, { at, eventType, region, amountBucket, events: 1, cents })
  }
  const sorted = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
  return [
    numbers(sorted.map(({ at }) => at)),
    texts(sorted.map(({ eventType }) => eventType)),
    texts(sorted.map(({ region }) => region)),
    texts(sorted.map(({ amountBucket }) => amountBucket)),
    numbers(sorted.map((sum) => sum.events)),
    numbers(sorted.map(({ cents }) => cents)),
  ]
}

/** After a while nearly every user is known to the hour's sketch, and nothing is written. */
function changedSketches(
  sketches: Map<number, Uint8Array>,
  events: SummedEvent[],
): { hour: number; sketch: Uint8Array }[] {
  const changed = new Map<number, Uint8Array>()
  for (const event of events) {
    const hour = hourOf(event)
    const sketch = changed.get(hour) ?? sketches.get(hour) ?? emptySketch()
    if (addUser(sketch, event.user_id) || !sketches.has(hour)) changed.set(hour, sketch)
  }
  return [...changed].map(([hour, sketch]) => ({ hour, sketch })).sort((a, b) => a.hour - b.hour)
}
