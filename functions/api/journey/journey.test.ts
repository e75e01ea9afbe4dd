// A record's journey, whatever became of it: what is known is told, and what is not is said to be unknown.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { classifier } from '../../events/classify.ts'
import { consume } from '../../intake/consume.ts'
import { deadLetter, event, group, noise, topic } from '../../store/testing/fixtures.ts'
import { type Journey, journeySchema } from '../schemas/journey.ts'
import { nowMs, openTestApi, rules, type TestApi } from '../testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

async function journey(offset: number, more = ''): Promise<Journey> {
  const response = await api.get(`/api/records/${topic}/0/${offset}${more}`)
  expect(response.status).toBe(200)
  return journeySchema.parse(await response.json())
}
const states = ({ steps }: Journey) => steps.map(({ name, state }) => `${name} ${state}`)
const sample = (committedOffset: number | null, endOffset: number, logStartOffset = 0) =>
  api.store.writeLagSamples([{ group, topic, partition: 0, at: nowMs, logStartOffset, endOffset, committedOffset }])

test('of an event names its times, its batch and every figure that counts it', async () => {
  const eventMs = Date.UTC(2026, 10, 22, 12, 59, 59, 500)
  await api.write(
    event({ offset: 0, timestamp: eventMs + 400 }, { event_id: 'a', event_ms: eventMs }),
    deadLetter({ offset: 1 }, 'x'),
  )
  await sample(2, 2)
  const told = await journey(0)
  expect(told).toMatchObject({
    outcome: 'stored',
    summary: 'Stored as event a.',
    event: { event_id: 'a', seq: 1 },
    deadLetter: null,
    batch: { at: '2026-11-23T00:10:00.500Z', firstSeq: 1, lastSeq: 2, events: 1, deadLetters: 1 },
    account: { epoch: 1, startOffset: 0, nextOffset: 2, committedOffset: 2, endOffset: 2 },
    rollups: [
      { unit: 'second', by: 'arrival', from: '2026-11-23T00:10:00.000Z', to: '2026-11-23T00:10:01.000Z' },
      { unit: 'minute', by: 'event time', from: '2026-11-22T12:59:00.000Z', to: '2026-11-22T13:00:00.000Z' },
      { unit: 'hour', by: 'event time', from: '2026-11-22T12:00:00.000Z', to: '2026-11-22T13:00:00.000Z' },
      // A day of Sydney.
      { unit: 'day', by: 'event time', from: '2026-11-21T13:00:00.000Z', to: '2026-11-22T13:00:00.000Z' },
    ],
  })
  expect(told.steps).toMatchObject([
    { name: 'produced', state: 'done', at: '2026-11-22T12:59:59.500Z' },
    { name: 'appended', state: 'done', at: '2026-11-22T12:59:59.900Z' },
    { name: 'delivered', state: 'done', at: null },
    { name: 'settled', state: 'done', at: '2026-11-23T00:10:00.500Z', text: 'Stored as number 1.' },
    { name: 'counted', state: 'done', at: '2026-11-23T00:10:00.500Z' },
  ])
})

test('of a dead letter names its code, and no business figure', async () => {
  await api.write(deadLetter({ offset: 0 }, 'x'))
  const told = await journey(0)
  expect(told).toMatchObject({
    outcome: 'dead-letter',
    summary: 'Put aside: NOT_JSON, expected JSON.',
    event: null,
    deadLetter: { id: 1, code: 'NOT_JSON', text: 'x', state: 'open', attempts: 0 },
    rollups: [{ unit: 'second' }],
  })
  expect(states(told)).toEqual(['produced unknown', 'appended done', 'delivered done', 'settled done', 'counted done'])
})

test('of what left no row says that it is accounted for, and that which way is not known without Kafka', async () => {
  await api.write(
    event({ offset: 0 }, { event_id: 'a' }),
    noise({ offset: 1 }),
    event({ offset: 2 }, { event_id: 'a' }),
  )
  await sample(3, 3)
  for (const offset of [1, 2]) {
    const told = await journey(offset)
    expect(told).toMatchObject({ outcome: 'accounted', event: null, deadLetter: null, batch: null, rollups: [] })
    expect(told.unknown[0]).toBe('Which of the four it was: the record was not read from Kafka again.')
    expect(states(told)).toEqual([
      'produced unknown',
      'appended done',
      'delivered done',
      'settled done',
      'counted unknown',
    ])
  }
})

test('of a hole says why it is there, or that nobody knows', async () => {
  await api.write(event({ offset: 0 }, { event_id: 'a' }), event({ offset: 3 }, { event_id: 'b' }))
  await sample(4, 9)
  expect(await journey(1)).toMatchObject({ outcome: 'unseen', summary: expect.stringContaining('does not balance') })
  await api.store.explain([{ group, topic, partition: 0, epoch: 1, from: 1, to: 2, reason: 'aborted' }])
  expect(await journey(1)).toMatchObject({
    outcome: 'explained',
    summary: 'Passed by the group: its transaction was aborted.',
  })
  expect(await journey(2)).toMatchObject({ outcome: 'unseen' })
})

test('of what is still to come says how far Kafka and the group are', async () => {
  await api.write(event({ offset: 5 }, { event_id: 'a' }))
  await sample(6, 9, 5)
  const waiting = await journey(7)
  expect(waiting).toMatchObject({
    outcome: 'waiting',
    summary: 'In Kafka, and still to be read: the group is at offset 6.',
  })
  expect(states(waiting)).toEqual([
    'produced unknown',
    'appended done',
    'delivered open',
    'settled open',
    'counted open',
  ])
  const unwritten = await journey(9)
  expect(unwritten).toMatchObject({ outcome: 'not-written', summary: 'Not written yet: the log ends at offset 9.' })
  expect(new Set(unwritten.steps.map(({ state }) => state))).toEqual(new Set(['open']))
  expect(await journey(2)).toMatchObject({ outcome: 'unknown', summary: 'The group began at offset 5.' })
})

test('of a partition or a group that nobody knows says just that', async () => {
  const told = await journey(0)
  expect(told).toMatchObject({ outcome: 'unknown', summary: 'The group has never read this partition.', account: null })
  expect(told.unknown).toHaveLength(2)
  await api.write(event({ offset: 0 }, { event_id: 'a' }))
  expect(await journey(0, '?group=other')).toMatchObject({ group: 'other', outcome: 'unknown' })
})

test('tells the attempts at a record that is in flight, where they are known', async () => {
  const inFlight = () => ({ phase: 'waiting', attempt: 4, lastError: 'STORE_BUSY', nextAttemptAt: nowMs + 2_000 })
  const local = await openTestApi({ store: api.store, inFlight })
  await sample(0, 3)
  const told = journeySchema.parse(await (await local.get(`/api/records/${topic}/0/1`)).json())
  expect(told).toMatchObject({
    outcome: 'waiting',
    attempts: { count: 4, phase: 'waiting', lastError: 'STORE_BUSY', nextAt: '2026-11-23T00:10:02.500Z' },
  })
  await api.write(event({ offset: 1 }, { event_id: 'a' }))
  const stored = journeySchema.parse(await (await local.get(`/api/records/${topic}/0/1`)).json())
  expect([stored.outcome, stored.attempts]).toEqual(['stored', null])
})

describe('of what left no row, read from Kafka again,', () => {
  const hourMs = 3_600_000
  const sale = (id: string, fields: object = {}) =>
    JSON.stringify({
      event_id: id,
      event_type: 'purchase',
      user_id: 4242,
      amount: 5,
      timestamp: '2026-11-22T10:00:00',
      ...fields,
    })
  let values: (string | null)[]
  let withKafka: TestApi
  beforeEach(async () => {
    values = []
    const readRecord = async ({ offset }: { offset: number }) => {
      const value = values[offset]
      return value ? { offset, timestamp: nowMs + offset, key: null, value: Buffer.from(value) } : null
    }
    withKafka = await openTestApi({ store: api.store, now: () => api.clock.nowMs, readRecord })
  })

  /** Appends values to the topic and consumes them. */
  async function produce(...more: string[]): Promise<void> {
    const records = more.map((value, index) => {
      const offset = values.length + index
      return { topic, partition: 0, offset, timestamp: nowMs + offset, key: null, value: Buffer.from(value) }
    })
    values.push(...more)
    await consume(records, { store: api.store, group, classify: classifier(rules), now: () => api.clock.nowMs })
  }
  const told = async (offset: number, more = '') =>
    journeySchema.parse(await (await withKafka.get(`/api/records/${topic}/0/${offset}${more}`)).json())
  const retention = { eventMsMax: hourMs, deadLetterMsMax: hourMs, bytesMax: null }
  const expire = async () => void (await api.store.expire({ budgetMs: 60_000, retention }))

  test('tells noise from a duplicate', async () => {
    await produce(sale('a'), '{"event_type":"heartbeat"}', sale('b', { user_id: 7 }), sale('a'))
    const noises = [await told(1), await told(2)]
    for (const one of noises) {
      expect(one).toMatchObject({ outcome: 'noise', summary: 'Noise: counted, and not stored.' })
      expect(one.steps[1]).toMatchObject({ name: 'appended', state: 'done', at: expect.stringContaining('T') })
    }
    const duplicate = await told(3)
    expect(duplicate).toMatchObject({
      outcome: 'duplicate',
      summary: 'A duplicate: event a was stored from another record.',
      event: null,
      rollups: [],
    })
    expect(states(duplicate)).toEqual([
      'produced done',
      'appended done',
      'delivered done',
      'settled done',
      'counted done',
    ])
  })

  test('tells a duplicate of what came since by the time of the oldest row', async () => {
    await produce(sale('old'), sale('old'))
    api.clock.nowMs += 2 * hourMs
    await produce(sale('a'))
    await expire()
    const again = [sale('a'), sale('a')]
    withKafka = await openTestApi({
      store: api.store,
      readRecord: async ({ offset }) => {
        return { offset, timestamp: api.clock.nowMs, key: null, value: Buffer.from(again[0] ?? '') }
      },
    })
    await produce(...again)
    expect((await told(4)).outcome).toBe('duplicate')
  })

  test('tells an event whose row has gone with its age, and a dead letter that has', async () => {
    await produce(sale('a'), 'not json')
    api.clock.nowMs += 2 * hourMs
    await produce(sale('b'))
    await expire()
    expect(await told(0)).toMatchObject({
      outcome: 'expired',
      summary: 'Event a was stored, and its row has gone with its age.',
    })
    expect(await told(1)).toMatchObject({
      outcome: 'expired',
      summary: 'It was put aside as NOT_JSON, and its row has gone with its age.',
    })
  })

  test('says that it cannot tell a duplicate from an expired event when the rows that could have gone', async () => {
    await produce(sale('a'), sale('a'))
    api.clock.nowMs += 2 * hourMs
    await produce(sale('b'))
    await expire()
    const told0 = await told(0)
    expect(told0).toMatchObject({ outcome: 'accounted', summary: expect.stringContaining('Event a was stored') })
    expect(told0.unknown[0]).toBe('Whether it was a duplicate: the rows that could tell have gone.')
  })

  test('tells that its user was erased', async () => {
    await produce(sale('a'), sale('b', { user_id: 5000 }))
    api.clock.nowMs += 1000
    await api.store.eraseUser({ userId: 4242, by: 'a test' })
    expect(await told(0)).toMatchObject({ outcome: 'erased' })
  })

  test('says where Kafka does not hold it any more, and asks for no other group', async () => {
    await produce(sale('a'), sale('a'))
    values[1] = null
    const gone = await told(1)
    expect([gone.outcome, gone.unknown[0]]).toEqual([
      'accounted',
      'Which of the four it was: Kafka does not hold the record any more.',
    ])
    await api.store.writeBatch({ group: 'other', outcomes: [noise({ offset: 0 })] })
    expect((await told(0, '?group=other')).unknown[0]).toContain('was not read from Kafka again')
  })
})

test('of a dead letter lists the attempts at it', async () => {
  await api.write(deadLetter({ offset: 0 }, 'x'))
  const { redrives } = api.store
  const items = [{ seq: 1, value: null }]
  const { id } = await redrives.begin({ group, by: 'a person', selection: 'one', perSecond: 1, items })
  await redrives.issue({ id, tokens: ['token'] })
  await redrives.acknowledge({ id, tokens: ['token'] })
  const again = deadLetter({ offset: 1 }, 'x')
  await api.write({ ...again, record: { ...again.record, token: 'token' } })
  expect((await journey(0)).trail).toMatchObject([{ number: 1, redrive: id, by: 'a person', result: 'failed' }])
  await redrives.discard({ group, seqs: [1], by: 'a person', reason: 'rubbish' })
  expect((await journey(0)).summary).toBe('Put aside: NOT_JSON, expected JSON. It was discarded since.')
  expect((await journey(1)).trail).toHaveLength(1)
})

test('says how often its batch was tried, where somebody remembers', async () => {
  await api.write(event({ offset: 0 }, { event_id: 'a' }))
  let past: { count: number; lastError: string } | null = null
  const local = await openTestApi({ store: api.store, pastAttempts: () => past })
  const ask = async () => journeySchema.parse(await (await local.get(`/api/records/${topic}/0/0`)).json())
  expect((await ask()).unknown).toEqual([
    'Whether its batch took more than one attempt before this stage was started; since then it has not.',
    'How far Kafka and the group are: the offsets of this partition were never sampled.',
  ])
  past = { count: 3, lastError: 'STORE_BUSY' }
  const told = await ask()
  expect(told.pastAttempts).toEqual({ count: 3, lastError: 'STORE_BUSY' })
  expect(told.steps[2]).toMatchObject({ text: 'Handed to the consumer 3 times, after STORE_BUSY.' })
  expect(told.unknown.join()).not.toContain('attempts')
})

test.each(['/api/records/t/x/1', '/api/records/t/0/-1', '/api/records/t/0/9999999999999999', '/api/records/t/0/1e3'])(
  '%s is refused',
  async (path) => {
    const response = await api.get(path)
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'QUERY_INVALID'])
  },
)
