// A record's journey, whatever became of it: what is known is told, and what is not is said to be unknown.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deadLetter, event, group, noise, topic } from '../../store/testing/fixtures.ts'
import { type Journey, journeySchema } from '../schemas/journey.ts'
import { nowMs, openTestApi, type TestApi } from '../testing.ts'

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
