// Users on their way through the shop (view, cart, checkout, purchase), and a spike in which few of one region buy.
import type { StoryOptions } from '../events/business.ts'
import { type Random, seededRandom } from '../random.ts'
import { type ShopEvent, shopEvent } from './generate.ts'

export interface Journey {
  dueMs: number
  event: ShopEvent
}

/** The story is told again and again. A minute: as usual, a spike in one region, as usual. */
export const storyMs = 60_000
export const spike = { region: 'AU-NSW', fromMs: 20_000, toMs: 34_000, buyShare: 0.05 }
const buyShare = 0.7

/** A user takes this long from the first view to the purchase, at most. */
const journeyMsMax = 3_000
/** view, cart, checkout and, of most, a purchase. */
const eventsPerJourney = 3 + buyShare

/** Events in the order of their moments, without an end. What happens in one second depends on the seed and on that second alone. */
export function* journeys(options: StoryOptions): Generator<Journey> {
  const firstSecond = Math.floor((options.fromMs - journeyMsMax) / 1000)
  let underWay: Journey[] = []
  for (let second = firstSecond; ; second++) {
    underWay.push(...startedIn(second, options))
    underWay.sort((a, b) => a.dueMs - b.dueMs)
    const endMs = (second + 1) * 1000
    const due = underWay.filter(({ dueMs }) => dueMs < endMs)
    underWay = underWay.filter(({ dueMs }) => dueMs >= endMs)
    yield* due.filter(({ dueMs }) => dueMs >= options.fromMs)
  }
}

/** All that the users do who come in one second. */
function startedIn(second: number, { seed, originMs, eventsPerSecond }: StoryOptions): Journey[] {
  const random = seededRandom(`${seed} ${second}`)
  const average = eventsPerSecond / eventsPerJourney
  const count = Math.floor(average) + (random() < average % 1 ? 1 : 0)
  return Array.from({ length: count }, () => journey(second * 1000 + random() * 1000, random, originMs)).flat()
}

function journey(startMs: number, random: Random, originMs: number): Journey[] {
  const cart = shopEvent(random, 'view', startMs)
  const { user_id, region } = cart
  const told: Journey[] = [{ dueMs: startMs, event: cart }]
  let dueMs = startMs
  const step = (type: 'cart_add' | 'checkout' | 'purchase') => {
    dueMs += 100 + random() * (journeyMsMax / 3 - 100)
    told.push({ dueMs, event: { ...shopEvent(random, type, dueMs), user_id, region } })
  }
  step('cart_add')
  step('checkout')
  if (random() < buyShareAt(startMs - originMs, region)) step('purchase')
  return told
}

/** `sinceMs` may lie before the story: then it is the last moments of the telling before. */
function buyShareAt(sinceMs: number, region: string): number {
  const at = ((sinceMs % storyMs) + storyMs) % storyMs
  return region === spike.region && at >= spike.fromMs && at < spike.toMs ? spike.buyShare : buyShare
}
