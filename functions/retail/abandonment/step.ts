// One step of the whole: a batch's events to activities and a watermark, so that a store knows what to look up.
import type { EnrichedEvent } from '../enrich.ts'
import type { AbandonmentRules } from './rules.ts'
import type { Activity } from './shopper.ts'
import { type Clocks, momentOf, tick, watermarkOf } from './watermark.ts'

/** An event that the group has not had before, and where it lay. */
export interface Arrival {
  event: Pick<EnrichedEvent, 'event_type' | 'event_ms' | 'user_id' | 'region'>
  record: { partition: number; timestamp: number }
}

export interface Arrived {
  activities: Activity[]
  late: number
  watermarkMs: number | null
}

/** Raises `clocks` by the arrivals, in their order within each partition. */
export function arrive(clocks: Clocks, arrivals: Arrival[], rules: AbandonmentRules): Arrived {
  const activities: Activity[] = []
  let late = 0
  for (const { event, record } of arrivals) {
    const moment = momentOf(event.event_ms, record.timestamp)
    if (!tick(clocks, record.partition, moment, rules)) late++
    else if (event.event_type !== 'view') {
      const kind = event.event_type === 'purchase' ? 'purchase' : 'cart'
      activities.push({ kind, userId: event.user_id, moment, region: event.region ?? '' })
    }
  }
  return { activities, late, watermarkMs: watermarkOf(clocks, rules) }
}
