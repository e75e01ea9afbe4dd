import { afterEach, expect, it } from 'vitest'
import type { MappingState } from '../event-source-mapping/mapping.ts'
import type { ProbeServer } from '../probes.ts'
import { liveness, readiness, serveHealth, turnMsMax } from './health.ts'

const partition = {
  topic: 'orders',
  partition: 1,
  phase: 'idle',
  committedOffset: 4,
  endOffset: 9,
  lag: 5,
  unreadable: null,
} as MappingState['partitions'][number]
const unreadable = { firstOffset: 4, lastOffset: 4, reason: 'its checksum', since: 1, hint: 'wait' }

const member: MappingState = {
  uuid: 'a-uuid',
  consumerGroupId: 'a-group',
  topic: 'orders',
  enabled: true,
  membership: { joined: true, turnedAt: 1_000, error: null },
  limits: { records: 100, bytes: 1, windowMs: 0 },
  partitions: [partition],
  metrics: {},
  pollers: 1,
  lag: 5,
  onFailure: {
    destination: null,
    retriesMax: null,
    recordAgeMsMax: null,
    bisects: false,
    reportsBatchItemFailures: false,
  },
  givenUp: [],
}
const outside = { ...member, membership: { joined: false, turnedAt: 1_000, error: 'no broker' }, partitions: [] }

let health: ProbeServer | undefined
afterEach(() => health?.close())

it.each([
  ['a member with partitions', member, false, true, 'reads orders-1'],
  [
    'one that cannot read on',
    { ...member, partitions: [{ ...partition, unreadable }] },
    false,
    true,
    'stands still at what cannot be read in orders-1',
  ],
  ['a standby', { ...member, partitions: [] }, false, true, 'standby: other members have all partitions'],
  ['one whose mapping is disabled', { ...outside, enabled: false }, false, true, 'disabled'],
  ['one that Kafka does not let in', outside, false, false, 'no broker'],
  ['one that stops', member, true, false, 'it is stopping'],
])('%s is ready or not, and says why', (_name, state, stopping, ok, reason) => {
  expect(readiness(state, stopping)).toEqual({ ok, reason: expect.stringContaining(reason) })
})

it('is alive as long as its loop turns, whether Kafka lets it in or not', () => {
  expect(liveness(outside, 1_000 + turnMsMax).ok).toBe(true)
  expect(liveness(member, 1_001 + turnMsMax).ok).toBe(false)
  expect(liveness({ ...outside, enabled: false }, 1e12).ok).toBe(true)
})

it('answers with the verdict and what it was given for', async () => {
  let state = member
  health = await serveHealth({ host: '127.0.0.1', port: 0 }, () => ({ state, stopping: false }))
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${health?.port}${path}`, { method })
    return { status: answer.status, body: await answer.json() }
  }
  expect(await ask('/ready')).toMatchObject({
    status: 200,
    body: { ready: true, consumerGroupId: 'a-group', partitions: [{ partition: 1, lag: 5 }] },
  })
  expect(await ask('/live')).toMatchObject({ status: 503, body: { live: false } })
  state = outside
  expect(await ask('/ready')).toMatchObject({ status: 503, body: { ready: false, reason: 'no broker' } })
  expect(await ask('/')).toMatchObject({ status: 404 })
  expect(await ask('/ready', 'POST')).toMatchObject({ status: 405 })
})
