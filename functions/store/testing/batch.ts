// What writing a batch promises: identity, conflicts, dead letters, and rows as they came.
import { expect, it } from 'vitest'
import { deadLetter, event, group, record, startMs, topic } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function batchContract(open: OpenStore): void {
  const at = storeForEachTest(open)

  it('stores each event once, whatever is delivered again', async () => {
    const batch = [event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'b' })]
    expect(await at.write(...batch)).toMatchObject({ stored: 2, redelivered: 0 })
    expect(await at.write(...batch)).toMatchObject({ stored: 0, redelivered: 2 })
    expect(await at.write(event({ offset: 2 }, { event_id: 'a' }))).toMatchObject({ stored: 0, duplicates: 1 })
    expect(await at.store.totals(group)).toEqual({ events: 2, deadLetters: 0 })
    expect(await at.account()).toMatchObject({
      startOffset: 0,
      nextOffset: 3,
      stored: 2,
      duplicates: 1,
      redelivered: 2,
    })
  })

  it('puts the same id with other content aside, within a batch and later, and names the id', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 1 }, { event_id: 'a', amount: 99 }))
    await at.write(event({ offset: 2 }, { event_id: 'a', amount: 77 }))
    const conflicts = await at.store.deadLetters({ group, limit: 10 })
    expect(conflicts.map((row) => [row.offset, row.code])).toEqual([
      [2, 'ID_CONFLICT'],
      [1, 'ID_CONFLICT'],
    ])
    expect(conflicts[0]?.reason).toContain('event_id a ')
    expect(await at.write(event({ offset: 2 }, { event_id: 'a', amount: 77 }))).toMatchObject({ redelivered: 1 })
  })

  it('compares ids exactly: case, form and kind of text count', async () => {
    const ids = [
      '0b9a7f3e-8a47-4a0f-9c3c-0d0b6a1f2e11',
      '0B9A7F3E-8A47-4A0F-9C3C-0D0B6A1F2E11',
      'é',
      'e\u0301',
      '1',
      '01',
    ]
    expect(await at.write(...ids.map((id, offset) => event({ offset }, { event_id: id })))).toMatchObject({ stored: 6 })
    expect((await at.store.events({ group, after: 0, limit: 10 })).map((row) => row.event_id)).toEqual(ids)
  })

  it('tells ids apart that differ in half a character, which JSON can carry', async () => {
    const ids = ['\ud800', '\ud801', '\ufffd']
    expect(await at.write(...ids.map((id, offset) => event({ offset }, { event_id: id })))).toMatchObject({ stored: 3 })
    expect(await at.write(...ids.map((id, offset) => event({ offset }, { event_id: id })))).toMatchObject({
      redelivered: 3,
    })
  })

  it('keeps a dead letter one, told apart by place, timestamp and bytes, with an empty value not a tombstone', async () => {
    expect(await at.write(deadLetter({ offset: 0 }, null))).toMatchObject({ deadLetters: 1 })
    expect(await at.write(deadLetter({ offset: 0 }, null))).toMatchObject({ redelivered: 1 })
    expect(await at.write(deadLetter({ offset: 0 }, ''))).toMatchObject({ deadLetters: 1 })
    expect(await at.write(deadLetter({ offset: 0, timestamp: 1 }, ''))).toMatchObject({ deadLetters: 1 })
    expect((await at.store.deadLetters({ group, after: 0, limit: 9 })).map((row) => row.value?.length ?? null)).toEqual(
      [null, 0, 0],
    )
  })

  it('keeps a record aside that would be an event by now, and leaves its id free', async () => {
    const early = event({ offset: 0 }, { event_id: 'a' })
    await at.write({ kind: 'dead-letter', record: early.record, code: 'FUTURE_TIMESTAMP', reason: 'too early' })
    expect(await at.write(early)).toMatchObject({ redelivered: 1 })
    expect(await at.write(event({ offset: 1 }, { event_id: 'a' }))).toMatchObject({ stored: 1 })
  })

  it('gives every row of an event back as it came', async () => {
    const fields = { event_id: 'a', amount: 0.1, product_id: 7, region: null, extra: { läden: [1, { a: null }] } }
    at.now = startMs + 5
    await at.write(event({ offset: 3, partition: 2, timestamp: startMs - 1 }, fields))
    expect(await at.store.events({ group, limit: 1 })).toEqual([
      {
        ...fields,
        seq: 1,
        event_type: 'purchase',
        user_id: 5000,
        timestamp: new Date(startMs).toISOString(),
        processed_at: new Date(startMs + 5).toISOString(),
        amount_bucket: 'low',
        is_revenue_event: true,
        topic,
        partition: 2,
        offset: 3,
        record_ms: startMs - 1,
      },
    ])
    expect(await at.store.newestEvent(group)).toEqual({ recordMs: startMs - 1, arrivedMs: startMs + 5 })
  })

  it('takes what JSON and a reason may carry, NUL and half characters among it, so that no record blocks a partition', async () => {
    const extra = { 'a\u0000b': ['\u0000', '\ud800', '{"\\,NULL'] }
    await at.write(event({ offset: 0 }, { event_id: 'a"\\,{}', region: 'NULL', extra }))
    const { record: bad } = deadLetter({ offset: 1 }, '\0')
    const reason = 'Unexpected token \u0000, "\\ \ud800'
    await at.write({ kind: 'dead-letter', record: { ...bad, key: Buffer.from([0, 92, 34]) }, code: 'NOT_JSON', reason })
    expect(await at.store.events({ group, limit: 1 })).toMatchObject([{ event_id: 'a"\\,{}', region: 'NULL', extra }])
    const [row] = await at.store.deadLetters({ group, limit: 1 })
    expect([row?.key, row?.value]).toEqual([Buffer.from([0, 92, 34]), Buffer.from([0])])
    expect(row?.reason).toMatch(/^Unexpected token ., "\\ ./su)
  })

  it('keeps the largest numbers exact', async () => {
    const fields = { user_id: Number.MAX_SAFE_INTEGER, product_id: Number.MIN_SAFE_INTEGER, amount: 999_999.999_999_9 }
    const offset = 2 ** 52 + 1
    await at.write(event({ offset }, { event_id: 'a', ...fields }))
    expect(await at.store.events({ group, limit: 1 })).toMatchObject([{ ...fields, offset }])
    expect(await at.account()).toMatchObject({ startOffset: offset, nextOffset: offset + 1 })
  })

  it('keeps groups apart: ids, rows, cursors and accounts', async () => {
    await at.write(event({ offset: 0 }, { event_id: 'a' }))
    const other = await at.store.writeBatch({ group: 'other', outcomes: [event({ offset: 0 }, { event_id: 'a' })] })
    expect(other).toMatchObject({ stored: 1 })
    expect([await at.store.head(group), await at.store.head('other'), await at.store.head('unknown')]).toEqual([
      1, 1, 0,
    ])
    expect((await at.store.accounts()).map((row) => row.group)).toEqual([group, 'other'])
  })

  it('takes an empty batch', async () => {
    expect(await at.write()).toEqual({ stored: 0, duplicates: 0, noise: 0, deadLetters: 0, redelivered: 0 })
    expect(await at.store.accounts()).toEqual([])
  })

  it('keeps what a caller’s buffer held at the time, not what it becomes', async () => {
    const value = Buffer.from('abc')
    await at.write({ kind: 'dead-letter', record: { ...record({ offset: 0 }), value }, code: 'NOT_JSON', reason: 'x' })
    value.fill(0)
    expect((await at.store.deadLetters({ group, limit: 1 }))[0]?.value).toEqual(Buffer.from('abc'))
  })
}
