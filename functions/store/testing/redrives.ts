// What dead letters as work are promised: groups, attempts that resolve or come back, limits, a trail.
import { expect, it } from 'vitest'
import type { IssuedAttempt } from '../redrives.ts'
import type { Outcome } from '../store.ts'
import { deadLetter, event, group, noise, startMs } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

export function redrivesContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  let tokens = 0
  /** Begins a redrive of these dead letters and issues all of it. */
  const redrive = async (...seqs: number[]) => {
    const items = seqs.map((seq) => ({ seq, value: null }))
    const { id } = await at.store.redrives.begin({ group, by: 'a person', selection: 'some', perSecond: 10, items })
    const issued = await at.store.redrives.issue({ id, tokens: seqs.map(() => `token-${++tokens}`) })
    await at.store.redrives.acknowledge({ id, tokens: issued.map(({ token }) => token) })
    return { id, issued }
  }
  const sent = (outcome: Outcome, { token }: Pick<IssuedAttempt, 'token'>): Outcome => {
    return { ...outcome, record: { ...outcome.record, token } }
  }
  const first = (issued: IssuedAttempt[]) => issued[0] as IssuedAttempt
  const one = (seq: number) => at.store.redrives.one({ group, seq })
  const find = (id: number) => at.store.redrives.find({ group, id })
  const complaints = async () => {
    await at.store.sweep({ budgetMs: 60_000 })
    return (await at.store.lastSweep()).complaints
  }

  it('resolves a dead letter in the transaction that stores its event, and keeps who and when', async () => {
    await at.write(deadLetter({ offset: 0 }, '{"amount":1}', 'MISSING_FIELDS'))
    const { id, issued } = await redrive(1)
    expect(issued).toMatchObject([{ number: 1, topic: 'retail-events', partition: 0, offset: 0, key: null }])
    expect(Buffer.from(first(issued).value ?? []).toString()).toBe('{"amount":1}')
    expect(await find(id)).toMatchObject({ state: 'sent', records: 1, inFlight: 1 })
    at.now += 5
    expect(await at.write(sent(event({ offset: 1 }, { event_id: 'a' }), first(issued)))).toMatchObject({ stored: 1 })
    expect(await find(id)).toMatchObject({ state: 'finished', inFlight: 0, stored: 1, by: 'a person' })
    expect(await one(1)).toMatchObject({
      state: 'resolved',
      attempts: 1,
      settledMs: startMs + 5,
      settledBy: 'a person',
      inFlight: false,
      trail: [
        { number: 1, redriveId: id, by: 'a person', issuedMs: startMs, settledMs: startMs + 5, result: 'stored' },
      ],
    })
    expect(await complaints()).toEqual([])
  })

  it('adds an attempt to the same dead letter when its record fails again, and stays balanced', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'))
    const { id, issued } = await redrive(1)
    const failing = sent(deadLetter({ offset: 1 }, 'x', 'EVENT_INVALID'), first(issued))
    expect(await at.write(failing)).toMatchObject({ deadLetters: 1 })
    expect(await at.write(failing)).toMatchObject({ redelivered: 1 })
    expect(await at.write(sent(deadLetter({ offset: 2 }, 'x'), first(issued)))).toMatchObject({ duplicates: 1 })
    expect(await at.store.head(group)).toBe(1)
    expect(await at.store.totals(group)).toEqual({ events: 0, deadLetters: 1 })
    expect(await one(1)).toMatchObject({
      state: 'open',
      code: 'NOT_JSON',
      trail: [{ number: 1, result: 'failed', code: 'EVENT_INVALID', reason: 'expected JSON' }],
    })
    expect(await find(id)).toMatchObject({ state: 'finished', failed: 1 })
    expect(await at.account()).toMatchObject({ deadLetters: 2, duplicates: 1, nextOffset: 3 })
    expect(await complaints()).toEqual([])
  })

  it('counts the record of an attempt in the second of its arrival only where it is new', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'))
    const { issued } = await redrive(1)
    at.now += 1000
    await at.write(sent(deadLetter({ offset: 1 }, 'x'), first(issued)))
    const second = startMs / 1000
    expect(await at.store.arrivals({ group, fromSecond: second, toSecond: second + 5 })).toEqual([
      { second, events: 0, deadLetters: 1 },
    ])
  })

  it.each([
    ['a known event', event({ offset: 2 }, { event_id: 'a' }), 'duplicate'],
    ['noise', noise({ offset: 2 }), 'noise'],
  ] as const)('resolves a dead letter whose record turns out to be %s', async (_, outcome, result) => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }), deadLetter({ offset: 1 }, 'x'))
    const { issued } = await redrive(2)
    await at.write(sent(outcome, first(issued)))
    expect(await one(2)).toMatchObject({ state: 'resolved', trail: [{ result }] })
    expect(await complaints()).toEqual([])
  })

  it('puts a record whose id is stored with other content to the dead letter that it was sent for', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'a', amount: 99 }))
    const { issued } = await redrive(2)
    await at.write(sent(event({ offset: 2 }, { event_id: 'a', amount: 98 }), first(issued)))
    expect(await one(2)).toMatchObject({ state: 'open', trail: [{ result: 'failed', code: 'ID_CONFLICT' }] })
    expect(await at.store.deadLetters({ group, limit: 9 })).toHaveLength(1)
    expect(await complaints()).toEqual([])
  })

  it('ignores a token that was never issued', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'))
    await at.write(sent(deadLetter({ offset: 1 }, 'x'), { token: 'made up' }))
    await at.write(sent(event({ offset: 2 }, { event_id: 'a' }), { token: 'made up' }))
    expect(await at.store.redrives.groups({ group })).toMatchObject([{ open: 2, resolved: 0 }])
    expect(await complaints()).toEqual([])
  })

  it('lets each group resolve its own: what one redrives, another meets too', async () => {
    const bad = deadLetter({ offset: 0 }, 'x')
    await at.write(bad)
    await at.store.writeBatch({ group: 'other', outcomes: [noise({ offset: 9 }), bad] })
    const { issued } = await redrive(1)
    const again = sent(deadLetter({ offset: 1 }, 'x'), first(issued))
    await at.write(again)
    const inOther = (outcome: Outcome) => at.store.writeBatch({ group: 'other', outcomes: [outcome] })
    expect(await inOther(again)).toMatchObject({ deadLetters: 1 })
    expect(await inOther(again)).toMatchObject({ redelivered: 1 })
    const other = () => at.store.redrives.one({ group: 'other', seq: 1 })
    expect(await other()).toMatchObject({ state: 'open', attempts: 1, trail: [{ redriveId: null, result: 'failed' }] })
    const second = await redrive(1)
    const good = sent(event({ offset: 2 }, { event_id: 'a' }), first(second.issued))
    expect(await inOther(good)).toMatchObject({ stored: 1 })
    expect(await other()).toMatchObject({ state: 'resolved', attempts: 2, settledBy: 'another group' })
    expect(await one(1)).toMatchObject({ state: 'open', inFlight: true })
    expect(await at.store.writeBatch({ group: 'third', outcomes: [good] })).toMatchObject({ stored: 1 })
    expect(await complaints()).toEqual([])
  })

  it('makes at most five attempts, and leaves out what is settled meanwhile', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'), deadLetter({ offset: 1 }, 'y'))
    for (let offset = 2; offset < 7; offset++) {
      const { issued } = await redrive(1)
      await at.write(sent(deadLetter({ offset }, 'x'), first(issued)))
    }
    await at.store.redrives.discard({ group, seqs: [2], by: 'a person', reason: 'a test' })
    const { id, issued } = await redrive(1, 2)
    expect(issued).toEqual([])
    expect(await find(id)).toMatchObject({ state: 'finished', gone: 2 })
    expect((await one(1))?.trail.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  })

  it('sends one redrive of a group at a time, in steps, with the same token until it is acknowledged', async () => {
    await at.write(...[0, 1, 2].map((offset) => deadLetter({ offset }, 'x')))
    const { redrives } = at.store
    const items = [1, 2, 3].map((seq) => ({ seq, value: seq === 2 ? Buffer.from('fixed') : null }))
    const { id } = await redrives.begin({ group, by: 'a', selection: 'b', perSecond: 1, items })
    await expect(redrives.begin({ group, by: 'a', selection: 'b', perSecond: 1, items })).rejects.toThrow(
      'REDRIVE_RUNNING',
    )
    expect(await redrives.issue({ id, tokens: ['t1'] })).toMatchObject([{ token: 't1', offset: 0 }])
    const next = await redrives.issue({ id, tokens: ['t2'] })
    expect(next.map(({ token }) => token)).toEqual(['t1', 't2'])
    expect(Buffer.from(next[1]?.value ?? []).toString()).toBe('fixed')
    await redrives.acknowledge({ id, tokens: ['t1', 't2'] })
    expect(await find(id)).toMatchObject({ state: 'running', waiting: 1, inFlight: 2, records: 3 })
    expect(await redrives.issue({ id, tokens: ['t3'] })).toMatchObject([{ token: 't3', number: 1 }])
    await redrives.acknowledge({ id, tokens: ['t3'] })
    expect(await find(id)).toMatchObject({ state: 'sent', waiting: 0 })
    expect(await redrives.issue({ id, tokens: ['t4'] })).toEqual([])
    expect((await redrives.list({ group, limit: 5 })).map((row) => row.id)).toEqual([id])
    expect([await redrives.find({ group: 'other', id }), await redrives.find({ group, id: id + 1 })]).toEqual([
      null,
      null,
    ])
  })

  it('cancels what was not sent yet, and lets what was sent come back', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'), deadLetter({ offset: 1 }, 'y'))
    const { redrives } = at.store
    const items = [1, 2].map((seq) => ({ seq, value: null }))
    const { id } = await redrives.begin({ group, by: 'a', selection: 'b', perSecond: 1, items })
    const issued = await redrives.issue({ id, tokens: ['c1'] })
    await redrives.acknowledge({ id, tokens: ['c1'] })
    expect((await one(1))?.inFlight).toBe(true)
    expect(await redrives.discard({ group, seqs: [1], by: 'a', reason: 'b' })).toBe(0)
    const cancelled = { state: 'cancelled', cancelled: 1, cancelledBy: 'somebody', inFlight: 1 }
    expect(await redrives.cancel({ group, id, by: 'somebody' })).toMatchObject(cancelled)
    expect(await redrives.cancel({ group, id, by: 'another' })).toMatchObject(cancelled)
    expect(await redrives.cancel({ group, id: id + 1, by: 'a' })).toBeNull()
    expect(await redrives.issue({ id, tokens: ['c2'] })).toEqual([])
    expect((await one(1))?.inFlight).toBe(false)
    await at.write(sent(event({ offset: 2 }, { event_id: 'a' }), first(issued)))
    expect(await one(1)).toMatchObject({ state: 'resolved' })
    expect(await find(id)).toMatchObject({ stored: 1, inFlight: 0 })
  })

  it('is held by one that advances it, until it is let go or its time is over', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'))
    const { redrives } = at.store
    expect(await redrives.take({ holder: 'a', untilMs: startMs + 10 })).toBeNull()
    const items = [{ seq: 1, value: null }]
    const { id } = await redrives.begin({ group, by: 'a', selection: 'b', perSecond: 7, items })
    const hold = (holder: string) => redrives.take({ holder, untilMs: at.now + 10 })
    expect([await hold('a'), await hold('b'), await hold('a')]).toEqual([
      { id, perSecond: 7 },
      null,
      { id, perSecond: 7 },
    ])
    at.now += 11
    expect(await hold('b')).toEqual({ id, perSecond: 7 })
    await redrives.release({ id, holder: 'a', trouble: 'not yours' })
    expect(await hold('a')).toBeNull()
    await redrives.release({ id, holder: 'b', trouble: 'no broker' })
    expect(await find(id)).toMatchObject({ trouble: 'no broker' })
    expect(await hold('a')).toMatchObject({ id })
  })

  it('lets redrives go after their dead letters, with the records that failed again', async () => {
    await at.write(deadLetter({ offset: 0 }, 'x'))
    at.now += hourMs
    const { id, issued } = await redrive(1)
    const failing = sent(deadLetter({ offset: 1 }, 'x'), first(issued))
    await at.write(failing)
    const retention = { eventMsMax: dayMs, deadLetterMsMax: dayMs, bytesMax: null }
    const expire = () => at.store.expire({ budgetMs: 60_000, retention })
    at.now += dayMs - hourMs + 1
    expect(await expire()).toMatchObject({ deadLetters: 1 })
    expect(await find(id)).toMatchObject({ failed: 1 })
    expect(await at.write(failing)).toMatchObject({ redelivered: 1 })
    at.now += hourMs
    for (const hours of [25, 0]) {
      const offsets = { logStartOffset: 9, endOffset: 9, committedOffset: 9 }
      const place = { group, topic: 'retail-events', partition: 0 }
      await at.store.writeLagSamples([{ ...place, at: at.now - hours * hourMs, ...offsets }])
    }
    expect(await expire()).toMatchObject({ ids: 2 })
    expect(await find(id)).toBeNull()
    expect(await complaints()).toEqual([])
  })

  it('erases a user from fixes and reasons as well', async () => {
    await at.write(deadLetter({ offset: 0 }, '{"user_id":5001,"amount":-1}'))
    const items = [{ seq: 1, value: Buffer.from('{"user_id":5001,"amount":1}') }]
    const { id } = await at.store.redrives.begin({ group, by: 'a', selection: 'b', perSecond: 1, items })
    await at.store.eraseUser({ userId: 5001, by: 'a test' })
    expect(await at.store.redrives.issue({ id, tokens: ['e1'] })).toEqual([])
    expect(await find(id)).toMatchObject({ state: 'finished', gone: 1 })
    expect(await complaints()).toEqual([])
  })
}
