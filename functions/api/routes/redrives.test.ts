// Dead letters as work over HTTP: groups, one with its trail, a dry run that changes nothing, a redrive, discarding.
import { beforeEach, expect, it } from 'vitest'
import { deadLetter, event } from '../../store/testing/fixtures.ts'
import type { DeadLetterCaseRow, RedriveAnswer, RedriveRow } from '../schemas/redrives.ts'
import { openTestApi, type TestApi } from '../testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
  return () => api.store.close()
})

const valid = { event_id: 'a', event_type: 'view', user_id: 4242, amount: 1, timestamp: '2026-11-23T00:00:00Z' }
const text = (fields: object) => JSON.stringify({ ...valid, ...fields })

async function post<Answer>(
  path: string,
  body: unknown,
): Promise<{ status: number; body: Answer & { code?: string } }> {
  const headers = { 'content-type': 'application/json' }
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await api.app.request(path, { method: 'POST', headers, body: sent })
  return { status: answer.status, body: (await answer.json()) as Answer & { code?: string } }
}
const get = async <Answer>(path: string) => (await (await api.get(path)).json()) as Answer

/** 1: lacks an amount. 2: would be stored by now. 3: is no JSON. */
async function writeThree(): Promise<void> {
  await api.write(
    deadLetter({ offset: 0 }, text({ event_id: 'one', amount: undefined }), 'MISSING_FIELDS'),
    deadLetter({ offset: 1 }, text({ event_id: 'two' }), 'FUTURE_TIMESTAMP'),
    deadLetter({ offset: 2 }, 'not json'),
  )
}

it('shows the groups, and one dead letter with its bytes, its text and what a fix has to keep', async () => {
  await writeThree()
  expect(await get('/api/dead-letters/groups')).toMatchObject({
    groups: [
      { code: 'FUTURE_TIMESTAMP', open: 1, newest: { id: 2 } },
      { code: 'MISSING_FIELDS', open: 1 },
      { code: 'NOT_JSON', open: 1, resolved: 0, discarded: 0, newest: { id: 3, reason: 'expected JSON' } },
    ],
  })
  expect(await get('/api/dead-letters/1')).toMatchObject({
    id: 1,
    text: text({ event_id: 'one', amount: undefined }),
    is_utf8: true,
    event_id: 'one',
    state: 'open',
    attempts_left: 5,
    trail: [],
  })
  expect(await get<DeadLetterCaseRow>('/api/dead-letters/3')).toMatchObject({ raw: btoa('not json'), event_id: null })
  expect(await get('/api/dead-letters/9')).toMatchObject({ status: 404, code: 'DEAD_LETTER_UNKNOWN' })
  expect(await get('/api/dead-letters/none')).toMatchObject({ status: 400, code: 'QUERY_INVALID' })
})

it('says in a dry run what would become of the records, and changes nothing', async () => {
  await writeThree()
  const { status, body } = await post<RedriveAnswer>('/api/redrives', { all: true, dryRun: true })
  expect(status).toBe(200)
  expect(body.redrive).toBeNull()
  expect(body.plan).toMatchObject({ records: 3, ready: 1, refused: 2, left: 0 })
  expect(body.plan.sentence).toMatch(/^3 records, 2 would fail again: .*missing: amount/)
  expect(body.plan.reasons).toContainEqual({ code: 'MISSING_FIELDS', reason: 'missing: amount', count: 1, ids: [1] })
  expect(await get('/api/redrives')).toEqual({ redrives: [] })
})

it('refuses what still differs from the stored content, and a fix that changes the id', async () => {
  await api.write(event({ offset: 0 }, { event_id: 'a' }))
  await api.write(deadLetter({ offset: 1 }, text({}), 'ID_CONFLICT'), deadLetter({ offset: 2 }, text({ amount: -1 })))
  const plan = async (fixes: { id: number; text: string }[]) =>
    (await post<RedriveAnswer>('/api/redrives', { ids: [2, 3], dryRun: true, fixes })).body.plan.reasons
  expect(await plan([{ id: 3, text: text({ event_id: 'b' }) }])).toMatchObject([
    { code: 'ID_CONFLICT', ids: [2], reason: 'event_id a is stored with other content' },
    { code: 'EVENT_ID_CHANGED', ids: [3], reason: 'a fix may not change the event_id: expected a' },
  ])
  expect(await plan([{ id: 3, text: text({ event_id: 'a', amount: 2 }) }])).toMatchObject([{ count: 2 }])
})

it('takes the first of two fixes that bring one id with other content', async () => {
  await api.write(...[0, 1, 2].map((offset) => deadLetter({ offset }, 'broken')))
  const fixes = [text({}), text({ amount: 2 }), text({})].map((fixed, index) => ({ id: index + 1, text: fixed }))
  const { body } = await post<RedriveAnswer>('/api/redrives', { code: 'NOT_JSON', dryRun: true, fixes })
  expect(body.plan).toMatchObject({ ready: 1, known: 1, refused: 1, reasons: [{ code: 'ID_CONFLICT', ids: [2] }] })
  expect(body.plan.sentence).toContain('1 is stored already')
})

it('begins a redrive with what would be stored, shows it, and cancels it', async () => {
  await writeThree()
  const fixes = [{ id: 3, text: text({ event_id: 'three' }) }]
  const begun = await post<RedriveAnswer>('/api/redrives', { all: true, fixes, perSecond: 50, by: 'ann' })
  expect(begun.status).toBe(201)
  expect(begun.body.plan).toMatchObject({ ready: 2, refused: 1 })
  expect(begun.body.redrive).toMatchObject({
    state: 'running',
    records: 2,
    waiting: 2,
    sent: 0,
    perSecond: 50,
    by: 'ann',
    selection: 'all open ones',
  })
  const { id } = begun.body.redrive as RedriveRow
  expect(
    (await post('/api/redrives', { ids: [1], fixes: [{ id: 1, text: text({ event_id: 'one' }) }] })).body,
  ).toMatchObject({
    status: 409,
    code: 'REDRIVE_RUNNING',
  })
  expect((await post(`/api/redrives/${id}/cancel`, { by: 'bob' })).body).toMatchObject({
    state: 'cancelled',
    cancelled: 2,
    cancelled_by: 'bob',
  })
  const bare = await api.app.request(`/api/redrives/${id}/cancel`, { method: 'POST' })
  expect(await bare.json()).toMatchObject({ state: 'cancelled', cancelled_by: 'bob' })
  expect(await get(`/api/redrives/${id}`)).toMatchObject({ id, state: 'cancelled' })
  expect(await get('/api/redrives')).toMatchObject({ redrives: [{ id }] })
  expect(await get('/api/redrives/99')).toMatchObject({ status: 404, code: 'REDRIVE_UNKNOWN' })
})

it('refuses a redrive of nothing but records that would fail again, with the plan', async () => {
  await writeThree()
  const { status, body } = await post<RedriveAnswer>('/api/redrives', { ids: [1, 77] })
  expect([status, body.code]).toEqual([422, 'REDRIVE_REFUSED'])
  expect(body.plan).toMatchObject({ records: 2, refused: 2 })
  expect(body.plan.sentence).toBe(
    '2 records, 1 would fail again: missing: amount, 1 may not be sent: there is no such dead letter',
  )
})

it('discards with a reason and a name, which the dead letter keeps', async () => {
  await writeThree()
  expect(
    (await post('/api/dead-letters/discard', { code: 'NOT_JSON', reason: 'a test of ours', by: 'ann' })).body,
  ).toEqual({
    discarded: 1,
    left: 0,
  })
  expect(await get('/api/dead-letters/3')).toMatchObject({
    state: 'discarded',
    settled_by: 'ann',
    settled_why: 'a test of ours',
  })
  expect((await post('/api/dead-letters/discard', { ids: [3], reason: 'again' })).body).toMatchObject({ discarded: 0 })
  expect((await post<RedriveAnswer>('/api/redrives', { ids: [3], dryRun: true })).body.plan.reasons).toMatchObject([
    { code: 'NOT_OPEN', reason: 'it is discarded' },
  ])
})

it.each([
  ['nothing chosen', {}],
  ['two choices', { all: true, code: 'EMPTY' }],
  ['a speed of 0', { all: true, perSecond: 0 }],
  ['no JSON', '{'],
  ['no object', '[]'],
  ['fixes of what was not chosen', { all: true, fixes: [{ id: 1, text: 'x' }] }],
])('refuses a redrive with %s', async (_, body) => {
  expect((await post('/api/redrives', body)).body).toMatchObject({ status: 400, code: 'BODY_INVALID' })
})

it.each([[{ all: true }], [{ reason: 'x' }], [{ all: true, reason: '' }]])(
  'refuses to discard with %j',
  async (body) => {
    expect((await post('/api/dead-letters/discard', body)).body).toMatchObject({ status: 400, code: 'BODY_INVALID' })
  },
)
