// Dead letters are mended and sent again while the stack is killed half way: each becomes one event, and all adds up.
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import type { DeadLetterCaseRow, RedriveAnswer, RedriveRow } from '../functions/api/schemas/redrives.ts'
import type { DeadLetterRow, Health, Summary } from '../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from './local-stack.ts'

const count = 24
/** Kills and restarts take their time on a busy machine. */
const patienceMs = 60_000
const withoutAmount = (n: number) => ({
  event_id: `order-${n}`,
  event_type: 'purchase',
  user_id: 4242,
  timestamp: '2026-05-01T12:00:00',
})

async function produce(stack: LocalStack): Promise<void> {
  const producer = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  const messages = Array.from({ length: count }, (_, n) => ({ key: '4242', value: JSON.stringify(withoutAmount(n)) }))
  await producer.send({ topic: 'retail-events', messages })
  await producer.disconnect()
}

async function post<Answer>(stack: LocalStack, path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${stack.dashboard}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await answer.json()) as Answer
}

it('goes on after a kill, sends nothing twice that counts, and leaves a trail', async () => {
  const directory = freshDirectory()
  const first = await startLocalStack(directory, ['--no-producer'])
  await produce(first)
  const { deadLetters } = await eventually(
    'all are put aside',
    async () => {
      const page = await first.get<{ deadLetters: DeadLetterRow[] }>('/api/dead-letters?limit=100')
      return page.deadLetters.length === count && page
    },
    patienceMs,
  )
  const fixes = deadLetters.map(({ id, text }) => {
    return { id, text: JSON.stringify({ ...JSON.parse(text ?? ''), amount: 1 }) }
  })
  const { redrive, plan } = await post<RedriveAnswer>(first, '/api/redrives', {
    code: 'MISSING_FIELDS',
    fixes,
    perSecond: 10,
    by: 'a test',
  })
  expect(plan).toMatchObject({ records: count, ready: count, refused: 0 })
  const path = `/api/redrives/${redrive?.id}`
  await eventually('some are stored', async () => (await first.get<RedriveRow>(path)).stored > 2, patienceMs)
  await first.kill()

  const second = await startLocalStack(directory, ['--no-producer'])
  const done = await eventually(
    'all have come back',
    async () => {
      const row = await second.get<RedriveRow>(path)
      return row.state === 'finished' && row
    },
    patienceMs,
  )
  expect(done).toMatchObject({ records: count, stored: count, failed: 0, by: 'a test' })
  expect(await second.get<Summary>('/api/summary')).toMatchObject({ events: count, deadLetters: count })
  expect(await second.get<DeadLetterCaseRow>(`/api/dead-letters/${deadLetters[0]?.id}`)).toMatchObject({
    state: 'resolved',
    settled_by: 'a test',
    trail: [{ number: 1, result: 'stored' }],
  })
  const startedAt = new Date().toISOString()
  const health = await eventually(
    'the rows were swept since',
    async () => {
      const health = await second.get<Health>('/api/health')
      return (health.sweptAt ?? '') > startedAt && health
    },
    patienceMs,
  )
  expect(health).toMatchObject({ balanced: true, complaints: [] })
  expect(await second.stop()).toBe(0)
}, 300_000)
