// Sums of one batch, gathered in memory and added to the store's in few rows.
import type { Database } from 'better-sqlite3'
import type { EnrichedEvent } from '../../events/event.ts'
import { addUser, emptySketch } from '../distinct-users.ts'

/** The part of an event that figures are made of. */
export type SummedEvent = Pick<
  EnrichedEvent,
  'event_type' | 'amount_bucket' | 'amount_cents' | 'event_ms' | 'region' | 'user_id'
>

export interface Rollups {
  add(event: SummedEvent): void
  /** Adds the sums to a generation of figures. */
  write(figuresId: number): void
}

interface Sum {
  /** The minute, or the hour. */
  at: number
  eventType: string
  region: string
  amountBucket: string
  events: number
  cents: number
}

/** Prepares the counting of new rows by the second of their arrival. */
export function arrivalCounter(
  db: Database,
): (groupId: number, arrival: { ms: number; events: number; deadLetters: number }) => void {
  const add = db.prepare(`INSERT INTO arrival_second VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
    SET events = events + excluded.events, dead_letters = dead_letters + excluded.dead_letters`)
  return (groupId, { ms, events, deadLetters }) => {
    if (events + deadLetters > 0) add.run(groupId, Math.floor(ms / 1000), events, deadLetters)
  }
}

const addSum = (table: string) => `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
  SET events = events + excluded.events, amount_cents = amount_cents + excluded.amount_cents`

/** Prepares the statements; each batch starts with empty sums. */
export function rollupWriter(db: Database): () => Rollups {
  const minutes = db.prepare(addSum('event_minute'))
  const hours = db.prepare(addSum('event_hour'))
  const countHour = db.prepare(
    'INSERT INTO hour_count VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET events = events + excluded.events',
  )
  const sketchOf = db
    .prepare<[number, number], Buffer>('SELECT sketch FROM hour_users WHERE group_id = ? AND hour = ?')
    .pluck()
  const setSketch = db.prepare('INSERT OR REPLACE INTO hour_users VALUES (?, ?, ?)')

  /** After a while nearly every user is known to the hour's sketch, and nothing is written. */
  function addUsers(figuresId: number, hour: number, users: Set<number>): void {
    const known = sketchOf.get(figuresId, hour)
    const sketch = known ? new Uint8Array(known) : emptySketch()
    let changed = known === undefined
    for (const user of users) changed = addUser(sketch, user) || changed
    if (changed) setSketch.run(figuresId, hour, sketch)
  }

  return function startRollups() {
    const byMinute = new Map<string, Sum>()
    const byHour = new Map<number, { events: number; users: Set<number> }>()
    return {
      add(event) {
        const { event_type: eventType, amount_bucket: amountBucket, amount_cents: cents } = event
        const at = Math.floor(event.event_ms / 60_000)
        addTo(byMinute, { at, eventType, region: event.region ?? '', amountBucket, events: 1, cents })
        const hour = Math.floor(at / 60)
        const known = byHour.get(hour)
        if (known) {
          known.events++
          known.users.add(event.user_id)
        } else byHour.set(hour, { events: 1, users: new Set([event.user_id]) })
      },
      write(figuresId) {
        const hourSums = new Map<string, Sum>()
        for (const sum of byMinute.values()) addTo(hourSums, { ...sum, at: Math.floor(sum.at / 60) })
        for (const [statement, sums] of [[minutes, byMinute] as const, [hours, hourSums] as const]) {
          for (const { at, eventType, region, amountBucket, events, cents } of sums.values()) {
            statement.run(figuresId, at, eventType, region, amountBucket, events, cents)
          }
        }
        for (const [hour, { events, users }] of byHour) {
          countHour.run(figuresId, hour, events)
          addUsers(figuresId, hour, users)
        }
      },
    }
  }
}

function addTo(sums: Map<string, Sum>, sum: Sum): void {
  // The region comes last, for it is the only part that may hold any character.
  const key = `${sum.at}/${sum.eventType}/${sum.amountBucket}/${sum.region}`
  const known = sums.get(key)
  if (!known) {
    sums.set(key, sum)
    return
  }
  known.events += sum.events
  known.cents += sum.cents
}
