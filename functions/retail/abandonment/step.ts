// One step of the whole: a batch's events to activities and a watermark, so that a store knows what to look up.
import type { EnrichedEvent } from '../../events/event.ts'
import type { AbandonmentRules } from './rules.ts'
import type { Activity } from './shopper.ts'
import { type Clocks, momentOf, tick, watermarkOf } from './watermark.ts'

/** An event that the group has not had before, and where it lay. */
export interface Arrival {
  event: Pick<EnrichedEvent, 'event_type' | 'event_ms' | 'user_id' | 'region'>
  record: { partition: number; timestamp: number }
}

/** Time that passed on a partition without a record: its clock has come to `clockMs`. */
export interface Firing {
  partition: number
  clockMs: number
}

export interface Arrived {
  activities: Activity[]
  late: number
  /** As they are afterwards. */
  clocks: Map<number, number>
  watermarkMs: number | null
}

/** What comes by `steps`, which are in their order within each partition. */
export function arrive(before: Clocks, steps: (Arrival | Firing)[], rules: AbandonmentRules): Arrived {
  const clocks = { ...before, byPartition: new Map(before.byPartition) }
  const activities: Activity[] = []
  let late = 0
  for (const step of steps) {
    if ('clockMs' in step) {
      tick(clocks, step.partition, step.clockMs, rules)
      continue
    }
    const { event, record } = step
    const moment = momentOf(event.event_ms, record.timestamp)
    if (!tick(clocks, record.partition, moment, rules)) late++
    else if (event.event_type !== 'view') {
      const kind = event.event_type === 'purchase' ? 'purchase' : 'cart'
      activities.push({ kind, userId: event.user_id, moment, region: event.region ?? '' })
    }
  }
  return { activities, late, clocks: clocks.byPartition, watermarkMs: watermarkOf(clocks, rules) }
}
