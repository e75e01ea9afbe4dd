// One user's carts: what is abandoned depends on what the user did, not on the order in which it became known.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Activity, decide, nextDueMs, noActivity, runsMax, type Shopper, withActivity } from './shopper.ts'

const abandonMs = 100
const userId = 5000

const gather = (activities: Activity[]): Shopper =>
  activities.reduce((shopper, activity) => withActivity(shopper, activity, abandonMs), noActivity)
const decisionsOf = (shopper: Shopper) => decide(shopper, userId, () => true, abandonMs).decisions
const cart = (moment: number, region = 'AU-NSW'): Activity => ({ kind: 'cart', userId, moment, region })
const purchase = (moment: number): Activity => ({ kind: 'purchase', userId, moment, region: '' })

/** As plainly as the definition: a cart after which nothing came in time. */
function model(activities: Activity[]): [deadlineMs: number, abandoned: boolean][] {
  const carts = [...new Set(activities.filter(({ kind }) => kind === 'cart').map(({ moment }) => moment))]
  const inTime = (kind: Activity['kind'], from: number, first: number) =>
    activities.some((one) => one.kind === kind && one.moment >= first && one.moment <= from + abandonMs)
  return carts
    .filter((moment) => !inTime('cart', moment, moment + 1))
    .map((moment): [number, boolean] => [moment + abandonMs, !inTime('purchase', moment, moment)])
    .sort(([a], [b]) => a - b)
}

describe('a cart', () => {
  it('is abandoned when nothing follows it in time', () => {
    expect(decisionsOf(gather([cart(0)]))).toEqual([{ userId, deadlineMs: 100, region: 'AU-NSW', abandoned: true }])
  })

  it('is bought by a purchase up to its deadline, however often that is told', () => {
    expect(decisionsOf(gather([cart(0), purchase(100), purchase(100)]))).toMatchObject([{ abandoned: false }])
    expect(decisionsOf(gather([cart(0), purchase(101)]))).toMatchObject([{ abandoned: true }])
  })

  it('waits for the last that is put into it or checked out, and is counted where that happened', () => {
    expect(decisionsOf(gather([cart(0), cart(90, 'AU-WA')]))).toMatchObject([{ deadlineMs: 190, region: 'AU-WA' }])
  })

  it('is another one after the deadline', () => {
    expect(decisionsOf(gather([cart(0), cart(101), purchase(150)]))).toMatchObject([
      { deadlineMs: 100, abandoned: true },
      { deadlineMs: 201, abandoned: false },
    ])
  })

  it('is decided as the definition has it, in whatever order its user’s doings become known', () => {
    const activity = fc.record({
      kind: fc.constantFrom('cart' as const, 'purchase' as const),
      userId: fc.constant(userId),
      moment: fc.nat(1_500),
      region: fc.constantFrom('a', 'b'),
    })
    const shuffled = fc
      .array(activity, { maxLength: 20 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(gather(other)).toEqual(gather(one))
        const found = decisionsOf(gather(one)).map(({ deadlineMs, abandoned }) => [deadlineMs, abandoned])
        expect(found).toEqual(model(one))
      }),
      { numRuns: 500 },
    )
  })
})

it('keeps a user with ten thousand carts and purchases in a few numbers', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => [cart(index), purchase(index)]).flat()
  expect(gather(many)).toMatchObject({ carts: [{ first: 0, last: 9_999 }], purchases: [{ first: 0, last: 9_999 }] })
  const apart = gather(Array.from({ length: 10_000 }, (_, index) => cart(index * 1_000)))
  expect(apart.carts).toHaveLength(runsMax)
  expect(apart.carts.at(-1)).toMatchObject({ last: 9_999_000 })
})

it('forgets what can decide nothing any more, and says when to look again', () => {
  const shopper = gather([cart(0), purchase(50), cart(300)])
  expect(nextDueMs(shopper, abandonMs)).toBe(100)
  const { decisions, rest } = decide(shopper, userId, (deadlineMs) => deadlineMs < 200, abandonMs)
  expect(decisions).toMatchObject([{ deadlineMs: 100, abandoned: false }])
  expect(nextDueMs(rest, abandonMs)).toBe(400)
  expect(nextDueMs(noActivity, abandonMs)).toBeNull()
})
