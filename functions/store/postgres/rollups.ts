// Sums of one batch, gathered in memory and added to the store's in few rows.
import type { EnrichedEvent } from '../../retail/enrich.ts'
import { numbers, texts } from './columns.ts'
import type { Session, Statement } from './database.ts'

const addArrival: Statement = {
  name: 'add-arrival',
  text: `INSERT INTO arrival_second VALUES ($1, $2, $3, $4) ON CONFLICT (group_id, second) DO UPDATE
    SET events = arrival_second.events + excluded.events,
      dead_letters = arrival_second.dead_letters + excluded.dead_letters`,
}

const addMinutes: Statement = {
  name: 'add-minutes',
  text: `INSERT INTO event_minute
    SELECT $1::integer, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    ON CONFLICT (group_id, minute, event_type, region, amount_bucket) DO UPDATE
    SET events = event_minute.events + excluded.events, amount_cents = event_minute.amount_cents + excluded.amount_cents`,
}

export interface Arrival {
  ms: number
  events: number
  deadLetters: number
}

/** Adds new rows to the second of their arrival and new events to the minute of their own time. */
export function writeRollups(session: Session, groupId: number, arrival: Arrival, events: EnrichedEvent[]): void {
  if (arrival.events + arrival.deadLetters === 0) return
  session.send(addArrival, [groupId, Math.floor(arrival.ms / 1000), arrival.events, arrival.deadLetters])
  const sums = minuteSums(events)
  if (sums.length === 0) return
  session.send(addMinutes, [
    groupId,
    numbers(sums.map(({ minute }) => minute)),
    texts(sums.map(({ eventType }) => eventType)),
    texts(sums.map(({ region }) => region)),
    texts(sums.map(({ amountBucket }) => amountBucket)),
    numbers(sums.map((sum) => sum.events)),
    numbers(sums.map(({ cents }) => cents)),
  ])
}

interface MinuteSum {
  minute: number
  eventType: string
  region: string
  amountBucket: string
  events: number
  cents: number
}

function minuteSums(events: EnrichedEvent[]): MinuteSum[] {
  const sums = new Map<string, MinuteSum>()
  for (const event of events) {
    const minute = Math.floor(event.event_ms / 60_000)
    // As the table will hold it: two regions must not become one key twice in a statement.
    const region = (event.region ?? '').replaceAll('\0', '\ufffd').toWellFormed()
    const { event_type: eventType, amount_bucket: amountBucket, amount_cents: cents } = event
    // The region comes last, for it is the only part that may hold any character.
    const key = `${minute}/${eventType}/${amountBucket}/${region}`
    const sum = sums.get(key)
    if (sum) {
      sum.events++
      sum.cents += cents
    } else sums.set(key, { minute, eventType, region, amountBucket, events: 1, cents })
  }
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
}
