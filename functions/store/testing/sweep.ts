// What the sweep finds, and that it lets writers go on.
import { beforeEach, expect, it } from 'vitest'
import { deadLetter, event, startMs } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function sweepContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  const wholeSweep = async () => {
    await at.store.sweep({ budgetMs: 60_000 })
    return (await at.store.lastSweep()).complaints
  }
  beforeEach(() =>
    at.write(
      event({ offset: 0 }, { event_id: 'a' }),
      event({ offset: 1 }, { event_id: 'b' }),
      deadLetter({ offset: 2 }, 'x'),
    ),
  )

  it('has nothing to say before its first pass, and nothing to complain about when all adds up', async () => {
    expect(await at.store.lastSweep()).toEqual({ finishedAt: null, complaints: [] })
    expect(await wholeSweep()).toEqual([])
    expect((await at.store.lastSweep()).finishedAt).toBe(startMs)
  })

  it.each([
    [
      'an event is gone',
      'DELETE FROM event WHERE seq = 1',
      'partition 0: the account says 2 events were stored, but 1 are there',
    ],
    [
      'a dead letter is gone',
      'DELETE FROM dead_letter',
      'the account says 1 dead letters were stored, but 0 are there',
    ],
    [
      'a counter was changed',
      'UPDATE account SET stored = stored - 1, noise = noise + 1',
      'the account says 1 events were stored, but 2 are there',
    ],
    [
      'an offset is counted nowhere',
      'UPDATE account SET duplicates = 5',
      'add up to 8 records, but 3 offsets are accounted',
    ],
  ])('complains when %s', async (_, sql, complaint) => {
    await at.tamper(sql)
    expect((await wholeSweep()).join()).toContain(complaint)
  })

  it('goes on where it stopped, page by page, while writing goes on', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => event({ offset: 3 + index }, { event_id: `m${index}` }))
    await at.write(...many)
    let calls = 0
    while ((await at.store.lastSweep()).finishedAt === null && calls < 50) {
      await at.store.sweep({ budgetMs: 0 })
      await at.write(event({ offset: 10_000 + calls }, { event_id: `during ${calls}` }))
      calls++
    }
    expect(calls).toBeGreaterThan(3)
    expect((await at.store.lastSweep()).finishedAt).not.toBeNull()
    expect((await at.store.lastSweep()).complaints).toEqual([])
  })
}
