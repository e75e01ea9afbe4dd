// What became of a record that left no row, told from the record itself: read from Kafka once more, and judged anew.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { classifier } from '../../events/classify.ts'
import { consume } from '../../intake/consume.ts'
import { group, noise, topic } from '../../store/testing/fixtures.ts'
import { journeySchema } from '../schemas/journey.ts'
import { nowMs, openTestApi, rules, type TestApi } from '../testing.ts'

let api: TestApi
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
  api = await openTestApi()
  values = []
  const readRecord = async ({ offset }: { offset: number }) => {
    const value = values[offset]
    return value ? { offset, timestamp: nowMs + offset, key: null, value: Buffer.from(value) } : null
  }
  withKafka = await openTestApi({ store: api.store, now: () => api.clock.nowMs, readRecord })
})

afterEach(() => api.store.close())

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
  expect(duplicate.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
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
