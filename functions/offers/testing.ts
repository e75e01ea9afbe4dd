// The second consumer over a store in memory and topics that are arrays, on a clock that is moved: for its tests.
import { PipelineError } from '../errors.ts'
import { classifier } from '../events/classify.ts'
import { testRules } from '../events/testing/rules.ts'
import type { OutgoingMessage } from '../kafka/publish.ts'
import type { DecodedRecord } from '../lambda/decode.ts'
import { abandonmentRulesOf } from '../retail/abandonment/rules.ts'
import { openStore } from '../store/open.ts'
import type { OfferMessage } from './publish-offers.ts'

export const group = 'abandonment-consumer-group'
export const topic = 'retail-events'
export const startMs = Date.UTC(2026, 10, 23)

export async function openShop() {
  const clock = { nowMs: startMs }
  const store = await openStore('sqlite::memory:', { clock: () => clock.nowMs })
  const sent: OfferMessage[] = []
  const kafka = { isAway: false }
  const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 10_000, ABANDON_LATENESS_MS: 1_000, ABANDON_WINDOW_MS: 5_000 })
  const now = () => clock.nowMs
  const offers = {
    store: store.abandonment,
    topic: 'discount-offers',
    group,
    discountPercent: 10,
    now,
    async publish(_: string, messages: OutgoingMessage[]) {
      if (kafka.isAway) throw new PipelineError('KAFKA_UNAVAILABLE', 'away')
      sent.push(...messages.map(({ value }) => JSON.parse(String(value)) as OfferMessage))
      return messages.map((_, offset) => ({ partition: 0, offset }))
    },
  }
  const classify = classifier(testRules)
  return { store, clock, sent, kafka, rules, offers, classify, now, group }
}

let nextOffset = 0

/** A record of partition 0; offsets go up from record to record. */
export function shopRecord(type: string, userId: number, ms: number): DecodedRecord {
  const offset = nextOffset++
  const event = {
    event_id: `event-${offset}`,
    event_type: type,
    user_id: userId,
    amount: 10,
    timestamp: new Date(ms).toISOString(),
    region: 'AU-NSW',
  }
  return { topic, partition: 0, offset, timestamp: ms, key: null, value: Buffer.from(JSON.stringify(event)) }
}

/** Two minutes of a cart each 100 ms, of which six in ten are bought until 90 s and none afterwards. */
export function spikeRecords(): DecodedRecord[] {
  const records: DecodedRecord[] = []
  for (let cart = 0; cart < 1_200; cart++) {
    const ms = startMs + cart * 100
    records.push(shopRecord('checkout', 2_000 + cart, ms))
    if (cart < 900 && cart % 10 < 6) records.push(shopRecord('purchase', 2_000 + cart, ms + 1))
  }
  return records
}
