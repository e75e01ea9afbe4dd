// Late events, events from the future, and partitions that nobody has heard of.
import { expect, it } from 'vitest'
import { abandonmentRulesOf } from './rules.ts'
import { arrive } from './step.ts'
import { type Clocks, momentOf } from './watermark.ts'

const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 10_000, ABANDON_LATENESS_MS: 1_000, ABANDON_WINDOW_MS: 5_000 })
const clocks = (partitions: number | null = 1): Clocks => ({ partitions, byPartition: new Map() })
const arrival = (eventMs: number, { partition = 0, recordMs = eventMs } = {}) => ({
  event: { event_type: 'cart_add' as const, event_ms: eventMs, user_id: 5000, region: null },
  record: { partition, timestamp: recordMs },
})

it('is what the newest record leaves room for, and never goes back', () => {
  expect(arrive(clocks(), [arrival(5_000), arrival(4_500)], rules)).toMatchObject({ watermarkMs: 4_000, late: 0 })
})

it('is unknown while a partition is, and that of the one furthest behind afterwards', () => {
  expect(arrive(clocks(null), [arrival(5_000)], rules).watermarkMs).toBeNull()
  const [first, second] = [arrival(5_000), arrival(3_000, { partition: 1 })]
  expect(arrive(clocks(2), [first], rules).watermarkMs).toBeNull()
  expect(arrive(clocks(2), [first, second], rules).watermarkMs).toBe(2_000)
})

it('counts an event days late as late, and one within the time that is left for it as any other', () => {
  const { activities, late } = arrive(clocks(), [arrival(9e8), arrival(9e8 - 1_000), arrival(0)], rules)
  expect([activities.map(({ moment }) => moment), late]).toEqual([[9e8, 9e8 - 1_000], 1])
})

it('decides lateness within the partition alone, however far others are', () => {
  const steps = [arrival(9e8), arrival(5_000, { partition: 1 })]
  expect(arrive(clocks(2), steps, rules)).toMatchObject({ late: 0, watermarkMs: 4_000 })
})

it('moves on by time that passed on a quiet partition, after which an older event is late', () => {
  const steps = [arrival(5_000), { partition: 0, clockMs: 9_000 }, arrival(7_999), arrival(8_000)]
  expect(arrive(clocks(), steps, rules)).toMatchObject({ late: 1, watermarkMs: 8_000 })
})

it('takes an event from the future for one of its record’s time, so that no other is late by it', () => {
  expect(momentOf(300_000, 1_000)).toBe(1_000)
  expect(momentOf(300_000, -1)).toBe(300_000)
  expect(arrive(clocks(), [arrival(300_000, { recordMs: 1_000 }), arrival(1_500)], rules).late).toBe(0)
})
