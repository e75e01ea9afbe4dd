// How dead letters are found to be worked on: groups, choices, and how their ids compare with what is stored.
import { expect, it } from 'vitest'
import type { Outcome } from '../store.ts'
import { deadLetter, event, group, startMs } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function deadLetterWorkContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  it('groups dead letters by code, with the most open ones first, and says which is the newest', async () => {
    expect(await at.store.redrives.groups({ group })).toEqual([])
    await at.write(deadLetter({ offset: 0 }, null, 'TOMBSTONE'), deadLetter({ offset: 1 }, 'a'))
    await at.write(deadLetter({ offset: 2 }, 'b'))
    await at.store.redrives.discard({ group, seqs: [1], by: 'a person', reason: 'a test' })
    expect(await at.store.redrives.groups({ group })).toEqual([
      {
        code: 'NOT_JSON',
        open: 2,
        resolved: 0,
        discarded: 0,
        newest: { seq: 3, reason: 'expected JSON', arrivedMs: startMs },
      },
      { code: 'TOMBSTONE', open: 0, resolved: 0, discarded: 1, newest: null },
    ])
    expect(await at.store.redrives.groups({ group: 'other' })).toEqual([])
  })

  it('selects by number whatever their state, and by code what is open, from a place on', async () => {
    await at.write(...[0, 1, 2].map((offset) => deadLetter({ offset }, 'x')))
    await at.write(deadLetter({ offset: 3 }, null, 'TOMBSTONE'))
    await at.store.redrives.discard({ group, seqs: [1], by: 'a', reason: 'b' })
    const select = async (selection: { seqs: number[] } | { code: string }, after = 0) =>
      (await at.store.redrives.select({ group, selection, after, limit: 10 })).map(
        ({ seq, state }) => `${seq} ${state}`,
      )
    expect(await select({ seqs: [4, 1, 9] })).toEqual(['1 discarded', '4 open'])
    expect(await select({ code: 'NOT_JSON' })).toEqual(['2 open', '3 open'])
    expect(await select({ code: 'NOT_JSON' }, 2)).toEqual(['3 open'])
    expect(await at.store.redrives.one({ group, seq: 1 })).toMatchObject({ settledBy: 'a', settledWhy: 'b' })
    expect(await at.store.redrives.one({ group, seq: 9 })).toBeNull()
  })

  it('compares ids with what is stored, without remembering them', async () => {
    const stored = Array.from({ length: 9 }, (_, offset) => event({ offset }, { event_id: `id-${offset}` }))
    await at.write(...stored)
    const hashOf = (outcome: Outcome) => (outcome.kind === 'event' ? outcome.contentHash : Buffer.alloc(0))
    const same = { eventId: 'id-3', contentHash: hashOf(stored[3] as Outcome) }
    const other = { eventId: 'id-3', contentHash: hashOf(stored[4] as Outcome) }
    const ids = [same, other, { ...same, eventId: 'new' }, { ...same, eventId: 'new' }]
    expect(await at.store.redrives.compareIds({ group, ids })).toEqual(['same', 'other', 'new', 'new'])
    expect(await at.store.redrives.compareIds({ group: 'unknown', ids: [same] })).toEqual(['new'])
    expect(await at.store.redrives.compareIds({ group, ids: [] })).toEqual([])
  })
}
