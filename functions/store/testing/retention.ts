// What goes and what stays: rows by age and size, a user's rows, and ids once nothing can bring them back.
import { expect, it } from 'vitest'
import type { Retention } from '../retention.ts'
import { deadLetter, event, group, startMs, topic } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
const retention: Retention = { eventMsMax: 10 * dayMs, deadLetterMsMax: 20 * dayMs, bytesMax: null }

export function retentionContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  const expire = (change: Partial<Retention> = {}) =>
    at.store.expire({ budgetMs: 60_000, retention: { ...retention, ...change } })
  const ids = async () => (await at.store.events({ group, after: 0, limit: 100 })).map((row) => row.event_id)
  const complaints = async () => {
    await at.store.sweep({ budgetMs: 60_000 })
    return (await at.store.lastSweep()).complaints
  }
  /** What the lag function would have sampled over two days in which the log start stood at `logStartOffset`. */
  const sample = async (logStartOffset: number) => {
    for (const hours of [25, 0]) {
      const offsets = { logStartOffset, endOffset: 100, committedOffset: 100 }
      await at.store.writeLagSamples([{ group, topic, partition: 0, at: at.now - hours * hourMs, ...offsets }])
    }
  }

  it('lets events go by age and keeps the newest, its totals, its accounts and a clean sweep', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'b' }))
    at.now += 5 * dayMs
    await at.write(event({ offset: 2 }, { event_id: 'c' }))
    at.now += 6 * dayMs
    expect(await expire()).toMatchObject({ events: 2, deadLetters: 0 })
    expect(await ids()).toEqual(['c'])
    at.now += 20 * dayMs
    expect(await expire()).toMatchObject({ events: 0 })
    expect(await at.store.newestEvent(group)).toMatchObject({ arrivedMs: startMs + 5 * dayMs })
    expect(await at.store.totals(group)).toEqual({ events: 3, deadLetters: 0 })
    expect(await at.account()).toMatchObject({ stored: 3, nextOffset: 3 })
    expect(await complaints()).toEqual([])
  })

  it('keeps dead letters for as long as they may be needed, which is their own time', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'))
    at.now += 15 * dayMs
    expect(await expire()).toMatchObject({ deadLetters: 0 })
    at.now += 6 * dayMs
    expect(await expire()).toMatchObject({ deadLetters: 1 })
    expect(await at.store.deadLetters({ group, limit: 9 })).toEqual([])
    expect(await at.write(deadLetter({ offset: 0 }, 'x'))).toMatchObject({ redelivered: 1 })
    expect(await complaints()).toEqual([])
  })

  it('lets the oldest events go where the store is too big, whatever their age', async () => {
    await at.write(...[0, 1, 2].map((offset) => event({ offset }, { event_id: `e${offset}` })))
    expect(await expire({ bytesMax: 1_000_000_000 })).toMatchObject({ events: 0 })
    expect(await expire({ bytesMax: 1 })).toMatchObject({ events: 2 })
    expect(await ids()).toEqual(['e2'])
  })

  it('agrees with a sweep that is half way, wherever the rows go', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) =>
      event({ offset: n }, { event_id: `m${n}`, user_id: 5000 + (n % 2) }),
    )
    await at.write(...many)
    await at.store.sweep({ budgetMs: 0 })
    await at.store.eraseUser({ userId: 5001, by: 'a test' })
    await at.store.sweep({ budgetMs: 0 })
    at.now += 11 * dayMs
    expect(await expire()).toMatchObject({ events: 2_499 })
    expect(await complaints()).toEqual([])
    await at.tamper('DELETE FROM event')
    expect((await complaints()).join()).toContain('the account says 1 events were stored, but 0 are there')
  })

  it('counts a duplicate of an expired event once for as long as the topic can deliver it', async () => {
    const first = [0, 1, 2, 3, 4].map((offset) => event({ offset }, { event_id: `old${offset}` }))
    await at.write(...first)
    await at.write(...[5, 6, 7, 8, 9].map((offset) => event({ offset }, { event_id: `new${offset}` })))
    at.now += 11 * dayMs
    expect(await expire()).toMatchObject({ events: 9, ids: 0 })
    expect(await at.write(...first)).toMatchObject({ redelivered: 5 })
    await sample(3)
    const early = await expire()
    expect(await at.write(...first.slice(3))).toMatchObject({ redelivered: 2 })
    await sample(5)
    expect(early.ids + (await expire()).ids).toBeGreaterThanOrEqual(4)
    expect(await at.write(...[5, 6].map((offset) => event({ offset }, { event_id: `new${offset}` })))).toMatchObject({
      redelivered: 2,
    })
  })

  it('waits a day after the log start has passed an id', async () => {
    await at.write(...[0, 1, 2, 3, 4].map((offset) => event({ offset }, { event_id: `old${offset}` })))
    const offsets = { logStartOffset: 50, endOffset: 100, committedOffset: 100 }
    await at.store.writeLagSamples([{ group, topic, partition: 0, at: at.now, ...offsets }])
    expect(await expire()).toMatchObject({ ids: 0 })
    await at.store.writeLagSamples([{ group, topic, partition: 0, at: at.now + 23 * hourMs, ...offsets }])
    at.now += 23 * hourMs
    expect(await expire()).toMatchObject({ ids: 0 })
    at.now += 2 * hourMs
    expect((await expire()).ids).toBeGreaterThan(0)
  })

  it('keeps the id that a kept ID_CONFLICT speaks of', async () => {
    await at.write(...[0, 1, 2, 3, 4].map((offset) => event({ offset }, { event_id: `old${offset}` })))
    await at.write(event({ offset: 5 }, { event_id: 'old0', amount: 99 }))
    at.now += dayMs
    await sample(50)
    await expire()
    expect(await at.write(event({ offset: 60 }, { event_id: 'old0' }))).toMatchObject({ duplicates: 1 })
    expect(await at.write(event({ offset: 61 }, { event_id: 'old0', amount: 98 }))).toMatchObject({ deadLetters: 1 })
  })

  it('forgets a dead letter that is gone once the topic cannot deliver it', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'), deadLetter({ offset: 9 }, 'x'))
    at.now += 21 * dayMs
    await sample(5)
    expect(await expire()).toMatchObject({ deadLetters: 2, ids: 1 })
    expect(await at.write(deadLetter({ offset: 9 }, 'x'))).toMatchObject({ redelivered: 1 })
  })

  it('erases a user everywhere, keeps the others, and leaves a trail', async () => {
    await at.write(
      event({ offset: 0 }, { event_id: 'a', user_id: 5001 }),
      event({ offset: 1 }, { event_id: 'b', user_id: 50012 }),
      deadLetter({ offset: 2 }, '{"user_id":"5001","amount":-1}'),
      deadLetter({ offset: 3 }, '{"user_id": 5001, broken'),
      deadLetter({ offset: 4 }, '{"user_id":50012}'),
    )
    await at.store.writeBatch({ group: 'other', outcomes: [event({ offset: 0 }, { event_id: 'a', user_id: 5001 })] })
    at.now += 7
    const erasure = { userId: 5001, by: 'a test', requestedMs: at.now, finishedMs: at.now, events: 2, deadLetters: 2 }
    expect(await at.store.eraseUser({ userId: 5001, by: 'a test' })).toMatchObject(erasure)
    expect(await at.store.erasures({ limit: 5 })).toMatchObject([erasure])
    expect(await ids()).toEqual(['b'])
    expect((await at.store.deadLetters({ group, limit: 9 })).map((row) => row.offset)).toEqual([4])
    expect(await complaints()).toEqual([])
  })

  it('does not store an erased event again when it is delivered again', async () => {
    const erased = event({ offset: 0 }, { event_id: 'a', user_id: 5001 })
    await at.write(erased)
    await at.store.eraseUser({ userId: 5001, by: 'a test' })
    expect(await at.write(erased)).toMatchObject({ redelivered: 1 })
    expect(await ids()).toEqual([])
  })
}
