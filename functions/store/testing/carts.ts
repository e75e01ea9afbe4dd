// Carts for tests of the second consumer's state: short ways to say who did what, and a spike.
import { beforeEach } from 'vitest'
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
import type { EventType } from '../../retail/event.ts'
import type { Outcome } from '../store.ts'
import { event, startMs } from './fixtures.ts'

export const group = 'abandonment-group'

/** A cart is abandoned after 10 s, events may be 1 s late, and two calm windows of 5 s after six blocks are a past. */
export const rules: AbandonmentRules = {
  abandonMs: 10_000,
  latenessMs: 1_000,
  windowMs: 5_000,
  recentWindows: 2,
  baselineWindows: 20,
  cartsMin: 4,
  blocksMin: 3,
  openScore: 3,
  openRise: 0.15,
  closeScore: 2,
  closeWindows: 2,
  incidentMsMax: 600_000,
}

export interface Step {
  type: EventType
  user: number
  /** Seconds after the beginning. */
  at: number
  partition?: number
  region?: string
}

/** Makes outcomes of steps; in each test, offsets of each partition count from 0. */
export function cartOutcomes(): (step: Step) => Outcome {
  const offsets = new Map<number, number>()
  beforeEach(() => offsets.clear())
  return ({ type, user, at, partition = 0, region = 'AU-NSW' }) => {
    const offset = offsets.get(partition) ?? 0
    offsets.set(partition, offset + 1)
    const ms = startMs + at * 1000
    const fields = { event_id: `${partition}-${offset}`, event_type: type, user_id: user, region, event_ms: ms }
    return event({ partition, offset, timestamp: ms }, fields)
  }
}

/** A shop where every second cart is bought, until from 60 s to 75 s none is; a cart each second and partition. */
export function* spike(users = 1_000): Generator<Step> {
  for (let second = 0; second < 120; second++) {
    for (const partition of [0, 1]) {
      const user = users + second * 2 + partition
      yield { type: 'checkout', user, at: second, partition }
      const isSpike = second >= 60 && second < 75
      if (!isSpike && second % 2 === 0) yield { type: 'purchase', user, at: second + 0.5, partition }
    }
  }
}
