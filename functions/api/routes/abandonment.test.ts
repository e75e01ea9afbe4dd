// GET /api/abandonment on a store in memory.
import { expect, it } from 'vitest'
import { abandonmentRulesOf } from '../../retail/abandonment/rules.ts'
import { event, startMs, topic } from '../../store/testing/fixtures.ts'
import { type Abandonment, abandonmentSchema } from '../schemas/abandonment.ts'
import { openTestApi } from '../testing.ts'

const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 10_000, ABANDON_LATENESS_MS: 1_000, ABANDON_WINDOW_MS: 5_000 })
const abandonment = { group: 'abandonment-consumer-group', offersTopic: 'discount-offers', rules }

it('is not there where the pipeline has no such consumer', async () => {
  const api = await openTestApi()
  expect((await api.get('/api/abandonment')).status).toBe(404)
})

it('is empty before the first record', async () => {
  const api = await openTestApi({ abandonment })
  expect(await (await api.get('/api/abandonment')).json()).toMatchObject({
    watermark: null,
    regions: [],
    incidents: [],
    offers: { made: 0, published: 0, waiting: 0 },
    latency: { total: null },
  })
})

it('shows a spike: rate against baseline, the incident, and how long its offers took', async () => {
  const api = await openTestApi({ abandonment })
  const { group } = abandonment
  await api.store.abandonment.passTime(
    { group, topic, partitions: [{ partition: 0, readToEndMs: null, logStartOffset: 0 }] },
    rules,
  )
  const outcomes = []
  for (let second = 0, offset = 0; second < 120; second++) {
    for (let user = 0; user < 10; user++) {
      const ms = startMs + second * 1000 + user
      const isBought = second < 90 && user < 6
      for (const type of isBought ? (['checkout', 'purchase'] as const) : (['checkout'] as const)) {
        const fields = { event_type: type, user_id: 1_000 + second * 10 + user, event_ms: ms }
        outcomes.push(event({ offset, timestamp: ms }, { event_id: `event-${offset++}`, ...fields }))
      }
    }
  }
  api.clock.nowMs = startMs + 121_000
  const { offers } = await api.store.abandonment.writeBatch({ group, outcomes }, rules)
  const [first, ...others] = offers.map(({ offerId }) => offerId)
  await api.store.abandonment.markPublished({ group, offerIds: others, atMs: api.clock.nowMs + 20 })
  const answer = abandonmentSchema.parse(await (await api.get('/api/abandonment')).json()) as Abandonment
  expect(first).toBeDefined()
  expect(answer.regions).toMatchObject([{ region: 'AU-NSW', state: 'spike', baseline: 0.4 }])
  expect(answer.regions[0]?.rate).toBe(1)
  expect(answer.regions[0]?.windows.at(-1)?.at).toBe(new Date(startMs + 110_000).toISOString())
  expect(answer.incidents).toMatchObject([
    { region: 'AU-NSW', closedAt: null, offers: offers.length, published: others.length },
  ])
  expect(answer.offers).toEqual({ made: offers.length, published: others.length, waiting: 1 })
  expect(answer.latency.publish).toEqual({ p50Ms: 20, p99Ms: 20, maxMs: 20 })
})
