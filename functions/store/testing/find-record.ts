// What finding a record by its place promises: the row of every offset that left one, and what was written with it.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Outcome } from '../store.ts'
import { deadLetter, event, group, noise, topic } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function findRecordContract(open: OpenStore): void {
  const at = storeForEachTest(open)
  const find = (partition: number, offset: number) => at.store.search.record({ group, topic, partition, offset })

  it('finds events and dead letters, with what was stored in the same transaction', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }))
    at.now += 7
    await at.write(
      event({ offset: 1 }, { event_id: 'b' }),
      deadLetter({ offset: 2 }, 'x'),
      noise({ offset: 3 }),
      event({ partition: 1, offset: 0 }, { event_id: 'c' }),
      event({ partition: 1, offset: 1 }, { event_id: 'a' }),
    )
    at.now += 7
    await at.write(event({ offset: 4 }, { event_id: 'd' }))
    const batch = { arrivedMs: at.now - 7, firstSeq: 2, lastSeq: 4, events: 2, deadLetters: 1 }
    expect(await find(1, 0)).toMatchObject({ epoch: 1, event: { event_id: 'c', seq: 4 }, deadLetter: null, batch })
    expect(await find(0, 2)).toMatchObject({ epoch: 1, event: null, deadLetter: { seq: 3, code: 'NOT_JSON' }, batch })
    expect((await find(0, 0))?.batch).toMatchObject({ firstSeq: 1, lastSeq: 1, events: 1, deadLetters: 0 })
  })

  it('finds nothing where no row was left: noise, a duplicate, what was never read, another group', async () => {
    await at.write(
      event({ offset: 0 }, { event_id: 'a' }),
      noise({ offset: 1 }),
      event({ offset: 2 }, { event_id: 'b' }),
    )
    await at.write(event({ offset: 3 }, { event_id: 'a' }))
    expect([await find(0, 1), await find(0, 3), await find(0, 9), await find(7, 0)]).toEqual([null, null, null, null])
    expect(await at.store.search.record({ group: 'other', topic, partition: 0, offset: 0 })).toBeNull()
  })

  it('finds the newest epoch’s row, and the former one’s where the newest has none', async () => {
    await at.write(...[0, 1, 2].map((offset) => event({ offset }, { event_id: `old ${offset}` })))
    await at.write(event({ offset: 0, timestamp: 9 }, { event_id: 'new 0' }))
    expect(await find(0, 0)).toMatchObject({ epoch: 2, event: { event_id: 'new 0' } })
    expect(await find(0, 2)).toMatchObject({ epoch: 1, event: { event_id: 'old 2' } })
  })

  it('finds what was stored late, between offsets that were there before', async () => {
    const written = (from: number, count: number, step: number) =>
      at.write(
        ...Array.from({ length: count }, (_, index) => from + index * step).map((offset) =>
          event({ offset }, { event_id: `e${offset}` }),
        ),
      )
    await written(1_000, 300, 2)
    await written(0, 300, 1)
    await written(1_001, 300, 2)
    for (const offset of [0, 150, 299, 1_000, 1_001, 1_002, 1_299, 1_300, 1_598, 1_599]) {
      expect((await find(0, offset))?.event?.event_id).toBe(`e${offset}`)
    }
  })

  it('finds every offset of any run of batches, small and large', async () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 30 })), {
      minLength: 1,
      maxLength: 12,
    })
    const next = [0, 0, 0]
    await fc.assert(
      fc.asyncProperty(sizes, async (batches) => {
        const places: [number, number][] = []
        for (const [partition, size] of batches) {
          const outcomes: Outcome[] = []
          for (let n = 0; n < size; n++) {
            const offset = next[partition] as number
            next[partition] = offset + 1
            outcomes.push(event({ partition, offset }, { event_id: `${partition}/${offset}` }))
            places.push([partition, offset])
          }
          await at.write(...outcomes)
        }
        const found = await Promise.all(places.map(([partition, offset]) => find(partition, offset)))
        expect(found.map((one) => one?.event?.event_id)).toEqual(places.map((place) => place.join('/')))
      }),
      { numRuns: 3, seed: 11 },
    )
  })

  it('finds nothing of what has expired, and what is kept as before', async () => {
    for (let batch = 0; batch < 12; batch++) {
      await at.write(event({ offset: batch * 1_000 }, { event_id: `e${batch}` }))
      at.now += 1_000
      const retention = { eventMsMax: 3_000, deadLetterMsMax: 3_000, bytesMax: null }
      await at.store.expire({ budgetMs: 1_000, retention })
    }
    expect(await find(0, 0)).toBeNull()
    expect((await find(0, 11_000))?.event?.event_id).toBe('e11')
  })
}
