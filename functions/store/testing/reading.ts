// What readers are promised: lists, cursors, arrivals, and to be told of commits.
import { beforeEach, expect, it } from 'vitest'
import { deadLetter, event, group, noise } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function readingContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  beforeEach(async () => {
    for (let offset = 0; offset < 6; offset += 2) {
      await at.write(event({ offset }, { event_id: `e${offset}` }), deadLetter({ offset: offset + 1 }, 'x'))
    }
  })

  it('pages the newest first, forwards after a cursor and backwards before one', async () => {
    const seqs = async (query: { after?: number; before?: number }) =>
      (await at.store.events({ group, limit: 2, ...query })).map((row) => row.seq)
    expect([await seqs({}), await seqs({ after: 1 }), await seqs({ before: 5 }), await seqs({ after: 5 })]).toEqual([
      [5, 3],
      [3, 5],
      [3, 1],
      [],
    ])
    expect((await at.store.deadLetters({ group, limit: 2, before: 6 })).map((row) => row.seq)).toEqual([4, 2])
  })

  it('tells what came after a cursor: the newest rows ascending, the rest as a number', async () => {
    const change = await at.store.changesSince({ group, cursor: 1, limit: 1 })
    expect([change.events.map((row) => row.seq), change.deadLetters.map((row) => row.seq)]).toEqual([[5], [6]])
    expect([change.head, change.skipped]).toEqual([6, 3])
    expect(await at.store.changesSince({ group, cursor: 6, limit: 5 })).toEqual({
      head: 6,
      events: [],
      deadLetters: [],
      skipped: 0,
    })
  })

  it('ends a page of dead letters early where they hold megabytes, and goes on from there', async () => {
    const big = 'x'.repeat(3 * 1024 * 1024)
    await at.write(...[6, 7, 8].map((offset) => deadLetter({ offset }, big)))
    const page = await at.store.deadLetters({ group, after: 6, limit: 10 })
    expect(page.map((row) => row.seq)).toEqual([7, 8])
    expect((await at.store.deadLetters({ group, after: 8, limit: 10 })).map((row) => row.seq)).toEqual([9])
  })

  it('never gives a number twice, even when its row is gone', async () => {
    await at.tamper('DELETE FROM event; DELETE FROM dead_letter')
    await at.write(event({ offset: 6 }, { event_id: 'new' }))
    expect((await at.store.events({ group, limit: 5 })).map((row) => row.seq)).toEqual([7])
    expect(await at.store.changesSince({ group, cursor: 0, limit: 5 })).toMatchObject({ head: 7, skipped: 6 })
  })

  it('counts arrivals by the second of the store, silent seconds left out', async () => {
    at.now += 60_000
    const second = at.now / 1000
    await at.write(event({ offset: 10 }, { event_id: 'a' }), deadLetter({ offset: 11 }, 'x'), noise({ offset: 12 }))
    at.now += 999
    await at.write(event({ offset: 13 }, { event_id: 'b' }), event({ offset: 14 }, { event_id: 'a' }))
    at.now += 2_001
    await at.write(event({ offset: 15 }, { event_id: 'c' }))
    expect(await at.store.arrivals({ group, fromSecond: second, toSecond: second + 10 })).toEqual([
      { second, events: 2, deadLetters: 1 },
      { second: second + 3, events: 1, deadLetters: 0 },
    ])
    expect(await at.store.arrivals({ group, fromSecond: second + 1, toSecond: second + 3 })).toEqual([])
  })

  it('tells a listener soon of a commit, and no longer once it stopped', async () => {
    let calls = 0
    const stop = await new Promise<() => void>((resolve) => {
      const stopListening = at.store.onCommit(() => {
        calls++
        resolve(stopListening)
      })
      at.write(noise({ offset: 0 }))
    })
    stop()
    const before = calls
    await at.write(noise({ offset: 1 }))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(calls).toBe(before)
  })
}
