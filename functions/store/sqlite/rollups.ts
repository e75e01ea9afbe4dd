// Sums of one batch, gathered in memory and added to the store's in few rows.
import type { Database } from 'better-sqlite3'
import type { EnrichedEvent } from '../../retail/enrich.ts'

export interface Rollups {
  add(event: EnrichedEvent): void
  write(groupId: number, arrival: { ms: number; events: number; deadLetters: number }): void
}

interface MinuteSum {
  minute: number
  eventType: string
  region: string
  amountBucket: string
  events: number
  cents: number
}

const addArrival = `INSERT INTO arrival_second VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
  SET events = events + excluded.events, dead_letters = dead_letters + excluded.dead_letters`
const addMinute = `INSERT INTO event_minute VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
  SET events = events + excluded.events, amount_cents = amount_cents + excluded.amount_cents`

/** Prepares the statements; each batch starts with empty sums. */
export function rollupWriter(db: Database): () => Rollups {
  const arrivals = db.prepare(addArrival)
  const minutes = db.prepare(addMinute)
  return function startRollups() {
    const sums = new Map<string, MinuteSum>()
    return {
      add: (event) => addTo(sums, event),
      write(groupId, { ms, events, deadLetters }) {
        if (events + deadLetters > 0) arrivals.run(groupId, Math.floor(ms / 1000), events, deadLetters)
        // In one order everywhere: on stores with row locks, writers then wait for each other and never in a circle.
        for (const key of [...sums.keys()].sort()) {
          const { minute, eventType, region, amountBucket, events, cents } = sums.get(key) as MinuteSum
          minutes.run(groupId, minute, eventType, region, amountBucket, events, cents)
        }
      },
    }
  }
}

function addTo(sums: Map<string, MinuteSum>, event: EnrichedEvent): void {
  const minute = Math.floor(event.event_ms / 60_000)
  const region = event.region ?? ''
  // The region comes last, for it is the only part that may hold any character.
  const key = `${minute}/${event.event_type}/${event.amount_bucket}/${region}`
  const sum = sums.get(key)
  if (sum) {
    sum.events++
    sum.cents += event.amount_cents
    return
  }
  const { event_type: eventType, amount_bucket: amountBucket, amount_cents: cents } = event
  sums.set(key, { minute, eventType, region, amountBucket, events: 1, cents })
}
