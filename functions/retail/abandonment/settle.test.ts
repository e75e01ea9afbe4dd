// Carts of many users and regions together: incidents and offers, whatever a stranger makes up.
import { expect, it } from 'vitest'
import type { Region } from './region.ts'
import { abandonmentRulesOf } from './rules.ts'
import { otherRegions, type Remembered, regionsMax, settle } from './settle.ts'
import type { Activity } from './shopper.ts'

const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 10_000, ABANDON_LATENESS_MS: 1_000, ABANDON_WINDOW_MS: 5_000 })
const nothing: Remembered = { shoppers: new Map(), regions: [], settledMs: null }
const cart = (userId: number, moment: number, region: string): Activity => ({ kind: 'cart', userId, moment, region })
const allDue = (ms: number) => ({ ms, userId: Number.NEGATIVE_INFINITY })

const carts = (regions: Region[]) =>
  new Map(regions.map(({ region, open, lately }) => [region, [open, ...lately].reduce((sum, [n]) => sum + n, 0)]))

it('counts 200 regions by themselves and all others together, so that none is lost and the state stays small', () => {
  const activities = Array.from({ length: 1_000 }, (_, user) => cart(5_000 + user, user, `made-up-${user}`))
  const { regions, decided } = settle(nothing, activities, allDue(12_000), rules)
  expect([decided, regions.length]).toEqual([1_000, regionsMax + 1])
  const counts = carts(regions)
  expect(counts.get('made-up-199')).toBe(1)
  expect(counts.get('made-up-200')).toBeUndefined()
  expect(counts.get(otherRegions)).toBe(800)
})

it('finds room for a region again when another has been quiet for as long as it was remembered', () => {
  const first = Array.from({ length: regionsMax }, (_, user) => cart(5_000 + user, 0, `old-${user}`))
  const before = settle(nothing, first, allDue(12_000), rules)
  expect(carts(before.regions).size).toBe(regionsMax)
  const laterMs = 10_000 + (rules.baselineWindows + 100) * rules.windowMs
  const remembered = { ...nothing, regions: before.regions, settledMs: before.settledMs }
  const { regions } = settle(remembered, [cart(9_000, laterMs, 'new')], allDue(laterMs + 11_000), rules)
  expect([...carts(regions)]).toEqual([['new', 1]])
})

it('offers to the user whose cart was in the region, also where the region has no window of its own', () => {
  const crowd = Array.from({ length: regionsMax }, (_, n) => cart(1_000 + n, 0, `crowd-${n}`))
  const past = Array.from({ length: 900 }, (_, n): Activity[] => {
    const bought: Activity = { kind: 'purchase', userId: 10_000 + n, moment: n * 100 + 1, region: '' }
    return [cart(10_000 + n, n * 100, `far-${n % 3}`), bought]
  }).flat()
  const abandoned = Array.from({ length: 300 }, (_, n) => cart(20_000 + n, 90_000 + n * 100, `far-${n % 3}`))
  const { incidents, offers } = settle(nothing, [...crowd, ...past, ...abandoned], allDue(125_000), rules)
  expect(incidents).toMatchObject([{ region: otherRegions }])
  expect(offers.length).toBeGreaterThan(50)
  expect(new Set(offers.map(({ region }) => region))).toEqual(new Set(['far-0', 'far-1', 'far-2']))
})
