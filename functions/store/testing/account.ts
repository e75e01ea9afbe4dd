// What the account promises: ranges, epochs, and agreement with the plain model.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { event, group, noise, startMs } from './fixtures.ts'
import { type History, happeningsOf, history } from './histories.ts'
import { StoreModel } from './model.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function accountContract(open: OpenStore, historyCount: number): void {
  const at = storeForEachTest(open)

  it('keeps ranges above a hole, and closes them up when it fills', async () => {
    const records = [0, 1, 2, 3, 4, 5, 6].map((offset) => noise({ offset }))
    await at.write(...records.filter((_, offset) => offset !== 2 && offset !== 5))
    expect(await at.account()).toMatchObject({
      nextOffset: 2,
      rangesAbove: [
        [3, 5],
        [6, 7],
      ],
    })
    await at.write(...records.slice(4))
    expect(await at.account()).toMatchObject({ nextOffset: 2, rangesAbove: [[3, 7]], noise: 6, redelivered: 2 })
    await at.write(...records)
    expect(await at.account()).toMatchObject({ nextOffset: 7, rangesAbove: [], noise: 7, redelivered: 8 })
  })

  it('moves its start down when a replay begins below it', async () => {
    await at.write(noise({ offset: 100 }))
    await at.write(noise({ offset: 50 }))
    expect(await at.account()).toMatchObject({ startOffset: 50, nextOffset: 51, rangesAbove: [[100, 101]] })
  })

  it('stores an unknown event at an accounted offset, and opens a new epoch that later batches belong to', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'b' }))
    expect(
      await at.write(event({ offset: 0 }, { event_id: 'c' }), event({ offset: 1 }, { event_id: 'a' })),
    ).toMatchObject({
      stored: 1,
      duplicates: 1,
    })
    expect(await at.store.accounts()).toMatchObject([
      { epoch: 2, startOffset: 0, nextOffset: 2, stored: 1, duplicates: 1 },
    ])
    expect(await at.store.accounts({ former: true })).toMatchObject([{ epoch: 1, nextOffset: 2, stored: 2 }])
  })

  it('keeps why offsets are not accounted, once, for the epoch they belong to', async () => {
    await at.write(noise({ offset: 0 }), event({ offset: 2 }, { event_id: 'a' }))
    const place = { group, topic: 'retail-events', partition: 0, epoch: 1 }
    const found = { ...place, from: 1, to: 2, reason: 'control' as const }
    await at.store.explain([found])
    await at.store.explain([found, { ...place, from: 5, to: 9, reason: 'retention' }])
    expect(await at.store.explanations()).toEqual([found, { ...place, from: 5, to: 9, reason: 'retention' }])
    await at.store.explain([{ ...found, group: 'unknown' }])
    await at.write(event({ offset: 2 }, { event_id: 'another' }))
    expect(await at.store.explanations()).toEqual([])
  })

  it('agrees with the plain model after any history of deliveries', async () => {
    // One store for all histories, each in a group of its own: to make a store takes longer than to live one.
    const { store, close } = await open({ clock: () => startMs })
    let groups = 0
    try {
      const agrees = async (past: History) => agreesAfter(past, store, `group-${++groups}`)
      await fc.assert(fc.asyncProperty(history, agrees), { numRuns: historyCount })
    } finally {
      await close()
    }
  })
}

async function agreesAfter(past: History, store: Store, group: string): Promise<void> {
  const model = new StoreModel()
  let redrives = 0
  for (const happening of happeningsOf(past)) {
    if (happening.do === 'write') {
      const batch = { group, outcomes: happening.outcomes }
      expect(await store.writeBatch(batch)).toEqual(model.write(batch))
      continue
    }
    const letter = model.letters[happening.nth % Math.max(1, model.letters.length)]
    const token = `${group}-${++redrives}`
    if (!letter) continue
    const isSent = await redrive(store, { group, seq: letter.seq, token })
    expect(isSent).toBe(model.issue(letter, token))
    if (isSent) happening.send(token)
  }
  await expectAgreement(store, group, model)
}

/** Sends one dead letter again, as far as the store lets it. */
async function redrive(
  { redrives }: Store,
  { group, seq, token }: { group: string; seq: number; token: string },
): Promise<boolean> {
  const items = [{ seq, value: null }]
  const { id } = await redrives.begin({ group, by: 'a test', selection: 'one', perSecond: 1, items })
  const issued = await redrives.issue({ id, tokens: [token] })
  await redrives.acknowledge({ id, tokens: [token] })
  return issued.length === 1
}

async function expectAgreement(store: Store, group: string, model: StoreModel): Promise<void> {
  for (const former of [false, true]) {
    const accounts = (await store.accounts({ former })).filter((account) => account.group === group)
    expect(accounts).toEqual(model.accounts(former))
    for (const { startOffset, nextOffset, rangesAbove, stored, duplicates, noise, deadLetters } of accounts) {
      const accounted = rangesAbove.reduce((sum, [from, to]) => sum + to - from, nextOffset - startOffset)
      expect(stored + duplicates + noise + deadLetters).toBe(accounted)
    }
  }
  const change = await store.changesSince({ group, cursor: 0, limit: 1000 })
  const rows = [
    ...change.events.map((row) => ({ seq: row.seq, name: row.event_id })),
    ...change.deadLetters.map((row) => ({ seq: row.seq, name: `${row.code} ${row.partition}/${row.offset}` })),
  ]
  expect(rows.sort((a, b) => a.seq - b.seq)).toEqual(model.rows.map((name, index) => ({ seq: index + 1, name })))
  const letters = change.deadLetters.map(({ seq, state, attempts }) => ({ seq, state, attempts }))
  expect(letters).toEqual(model.letters)
  await store.sweep({ budgetMs: 60_000 })
  expect((await store.lastSweep()).complaints).toEqual([])
}
