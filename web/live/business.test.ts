import { expect, it } from 'vitest'
import type { Figures } from '../../functions/api/schemas/figures.ts'
import { businessOf, businessSentence } from './business.ts'

type Sum = Figures['figures'][number]['sums'][number]
const sum = (change: Partial<Sum>): Sum => ({
  event_type: 'purchase',
  region: 'AU-WA',
  amount_bucket: 'low',
  is_revenue: true,
  events: 1,
  amountCents: 100,
  ...change,
})

function figures(...spans: Sum[][]): Figures {
  return {
    timeZone: 'UTC',
    distinctUsersError: 0,
    figures: spans.map((sums) => ({
      from: '',
      to: '',
      events: sums.reduce((total, { events }) => total + events, 0),
      revenueCents: sums.reduce((total, each) => total + (each.is_revenue ? each.amountCents : 0), 0),
      distinctUsers: null,
      sums,
    })),
  }
}

it('adds up revenue and counts over all spans, by type, region and bucket', () => {
  const business = businessOf(
    figures(
      [sum({ amountCents: 1_250 }), sum({ event_type: 'view', is_revenue: false, amountCents: 9_999, events: 3 })],
      [sum({ region: null, amountCents: 250 })],
    ),
  )
  expect(business).toMatchObject({ events: 5, revenueCents: 1_500 })
  expect(business.sides.event_type).toEqual([
    { name: 'view', events: 3, revenueCents: 0 },
    { name: 'purchase', events: 2, revenueCents: 1_500 },
  ])
  expect(business.sides.region).toContainEqual({ name: 'no region', events: 1, revenueCents: 250 })
  expect(businessSentence(business, '5 minutes')).toBe(
    '15.00 of revenue from 5\u00a0events in 5 minutes, most of it in AU-WA.',
  )
})

it('says in one row what many values come to, so that the rows still add up', () => {
  const regions = Array.from({ length: 30 }, (_, i) => sum({ region: `R-${i}` }))
  const { region } = businessOf(figures(regions)).sides
  expect(region).toHaveLength(8)
  expect(region.at(-1)).toEqual({ name: '23 others', events: 23, revenueCents: 2_300 })
})

it('says of an empty range that nothing happened in it', () => {
  expect(businessSentence(businessOf(figures()), '2 hours')).toBe('No event happened in the last 2 hours.')
})
