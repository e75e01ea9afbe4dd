// Spikes in a simulated shop: each is found soon, and a day without one shows none. Seeds are in the tests' names.
import { describe, expect, it } from 'vitest'
import { baselineOf, median, scoreOf } from './baseline.ts'
import { closeWindow, type Incident, newRegion, type Region } from './region.ts'
import { abandonmentRulesOf } from './rules.ts'

const rules = abandonmentRulesOf({ ABANDON_AFTER_MS: 900_000, ABANDON_LATENESS_MS: 30_000, ABANDON_WINDOW_MS: 10_000 })
const { windowMs } = rules
const windowsPerDay = 86_400_000 / windowMs

/** mulberry32: chance that can be repeated. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Shop {
  /** Carts in a window, on average, at noon. */
  carts: number
  /** Share abandoned, on average. */
  share: number
  seed: number
  /** The share from a window on. */
  spike?: { from: number; to: number; share: number }
}

/** Closes windows of a region; traffic has a night, and the share wanders by a tenth over the day. */
function run({ carts, share, seed, spike }: Shop, windows: number) {
  const random = chance(seed)
  let region: Region = newRegion('AU-NSW')
  const opened: Incident[] = []
  const ended: Incident[] = []
  for (let at = 0; at < windows; at++) {
    const day = Math.sin((2 * Math.PI * at) / windowsPerDay)
    const isSpike = spike && at >= spike.from && at < spike.to
    const p = isSpike ? spike.share : share + 0.1 * day
    const decided = Math.round(carts * (1 + 0.7 * day) * (0.6 + 0.8 * random()))
    let abandoned = 0
    for (let cart = 0; cart < decided; cart++) if (random() < p) abandoned++
    const before = region.incident
    const closed = closeWindow({ ...region, open: [decided, abandoned] }, (at + 1) * windowMs, rules)
    region = closed.region
    if (region.incident && !before) opened.push(region.incident)
    if (closed.ended) ended.push(closed.ended)
  }
  return { region, opened, ended }
}

describe('24 hours of normal traffic', () => {
  const shops = [
    { carts: 3, share: 0.7 },
    { carts: 12, share: 0.3 },
    { carts: 50, share: 0.15 },
    { carts: 200, share: 0.6 },
  ]
  it.each(shops.flatMap((shop) => [1, 2].map((seed) => ({ ...shop, seed }))))(
    'show no incident: $carts carts a window, $share abandoned, seed $seed',
    (shop) => expect(run(shop, windowsPerDay).opened).toEqual([]),
  )
})

describe('a spike', () => {
  const shops = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((seed) => [
    { carts: 40, share: 0.3, spikeShare: 0.8, seed },
    { carts: 100, share: 0.5, spikeShare: 0.85, seed },
    { carts: 400, share: 0.2, spikeShare: 0.45, seed },
  ])
  it.each(shops)(
    'is found within 30 s and ends: $carts carts a window, $share to $spikeShare, seed $seed',
    ({ spikeShare, ...shop }) => {
      const from = 200 + shop.seed * 37
      const { opened, ended } = run({ ...shop, spike: { from, to: from + 30, share: spikeShare } }, from + 60)
      expect(opened).toHaveLength(1)
      expect(opened[0]?.openedMs).toBeGreaterThan(from * windowMs)
      expect(opened[0]?.openedMs).toBeLessThanOrEqual(from * windowMs + 30_000)
      expect(ended).toMatchObject([{ end: 'over', id: opened[0]?.id }])
      expect(ended[0]?.closedMs).toBeGreaterThan((from + 30) * windowMs)
    },
  )

  it('that is too small to matter, or has too few carts to show, is none', () => {
    const spike = { from: 300, to: 330, share: 0.4 }
    expect(run({ carts: 4_000, share: 0.3, seed: 1, spike }, 400).opened).toEqual([])
    expect(run({ carts: 1, share: 0.3, seed: 1, spike: { ...spike, share: 1 } }, 400).opened).toEqual([])
  })

  it('that stays is how things are from then on', () => {
    const windows = 300 + rules.incidentMsMax / windowMs + 200
    const { opened, ended, region } = run(
      { carts: 100, share: 0.3, seed: 1, spike: { from: 300, to: windows, share: 0.8 } },
      windows,
    )
    expect(opened).toHaveLength(1)
    expect(ended).toMatchObject([{ end: 'lasting' }])
    expect(baselineOf(region.history, rules)?.rate).toBeCloseTo(0.8, 1)
  })
})

describe('the baseline', () => {
  it('is not moved by a few strange windows', () => {
    const usual = Array.from({ length: 30 }, (): [number, number] => [100, 30])
    const strange = Array.from({ length: 8 }, (): [number, number] => [100, 100])
    expect(baselineOf([...usual, ...strange], rules)).toEqual(baselineOf(usual, rules))
  })

  it('is unknown while there is too little to learn from', () => {
    expect(baselineOf([[1_000, 300]], rules)).toBeNull()
    expect(
      baselineOf(
        Array.from({ length: 50 }, () => [2, 1] as [number, number]),
        rules,
      ),
    ).toBeNull()
  })

  it('finds the same share the more surprising the more carts it is made of', () => {
    const baseline = { rate: 0.3, waver: 1 }
    expect(scoreOf([100, 60], baseline)).toBeGreaterThan(scoreOf([20, 12], baseline))
    expect(scoreOf([100, 30], baseline)).toBeCloseTo(0)
    expect(scoreOf([100, 10], baseline)).toBeLessThan(0)
  })

  it('is made of the middle of values', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  })
})
