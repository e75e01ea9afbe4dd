// docs/your-own-events.md, followed to the letter in a copy of the project: sensors instead of a shop.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Figures } from '../../functions/api/schemas/figures.ts'
import type { DeadLetterRow, EventRow, Health, Summary } from '../../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { blocksOf, copyProject, describe, replace, replaceFrom, typeCheck, write } from './copy.ts'

const patienceMs = 60_000
let folder: string
let stack: LocalStack
beforeAll(async () => {
  folder = copyProject()
  const [event = '', business = '', name = '', description = ''] = blocksOf('your-own-events.md')
  write(folder, 'functions/readings/event.ts', event)
  write(folder, 'functions/readings/business.ts', business)
  const shops = "import { retail } from './retail/business.ts'\n\nexport const business = retail\n"
  replace(folder, 'functions/business.ts', shops, name)
  replaceFrom(folder, 'infra/pipeline.ts', 'const functions = {', description)
  const retail = join(folder, 'functions/retail')
  for (const entry of readdirSync(retail)) if (entry !== 'abandonment') rmSync(join(retail, entry), { recursive: true })
  stack = await startLocalStack(freshDirectory(), ['--rate', '50'], folder)
})
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const reading = {
  reading_id: 'r-1',
  sensor_id: 117,
  kind: 'alarm',
  temperature: -4.25,
  battery: 0.8,
  room: 'attic',
  at: '2026-05-01T12:00:00',
}

const post = (body: object) =>
  fetch(`${stack.dashboard}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function send(values: (object | string)[]): Promise<void> {
  const producer = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  const messages = values.map((value) => ({ value: typeof value === 'string' ? value : JSON.stringify(value) }))
  await producer.send({ topic: 'readings', messages })
  await producer.disconnect()
}

it('fits what is there, and is what containers run', () => {
  typeCheck(folder)
  const compose = describe(folder, 'docker-compose.yml')
  expect(compose).toContain('CELSIUS_MAX: "150"')
  expect(compose).not.toMatch(/retail|purchase|abandonment/i)
})

it('plays sensors, and stores, counts and shows what they tell', async () => {
  await eventually(
    'readings are stored',
    async () => (await stack.get<Summary>('/api/summary')).events > 100,
    patienceMs,
  )
  const { events } = await stack.get<{ events: EventRow[] }>('/api/events?limit=50')
  for (const { event_type, user_id, amount, region, amount_bucket, extra } of events) {
    expect(event_type).toBe(amount > 30 ? 'alarm' : 'periodic')
    expect(user_id).toBeGreaterThanOrEqual(100)
    expect(['hall', 'kitchen', 'cellar']).toContain(region)
    expect(amount_bucket).toBe(amount < 18 ? 'cold' : amount < 26 ? 'fine' : 'hot')
    expect(extra).toEqual({ battery: expect.any(Number) })
  }
})

it('takes a reading over HTTP, and has it in the figures of its own hour', async () => {
  expect(await (await post(reading)).json()).toMatchObject({ accepted: 1 })
  const [row] = await eventually(
    'it is stored',
    async () => {
      const { events } = await stack.get<{ events: EventRow[] }>('/api/events?region=attic')
      return events.length > 0 && events
    },
    patienceMs,
  )
  expect(row).toMatchObject({ event_id: 'r-1', user_id: 117, amount: -4.25, amount_bucket: 'cold' })
  expect(row?.timestamp).toBe('2026-05-01T12:00:00.000Z')
  const { figures } = await stack.get<Figures>('/api/figures?by=hour&from=2026-05-01T12:00&to=2026-05-01T13:00')
  expect(figures).toMatchObject([{ events: 1, revenueCents: 0, sums: [{ region: 'attic', amountCents: -425 }] }])
})

it('puts bad readings aside with their reason, and counts pings as noise', async () => {
  const refused = await post({ ...reading, battery: 7 })
  expect(refused.status).toBe(422)
  expect(JSON.stringify(await refused.json())).toContain('battery')
  const { battery: _, ...withoutBattery } = reading
  await send([
    { kind: 'ping' },
    withoutBattery,
    { ...reading, temperature: 151 },
    { ...reading, at: 'noon' },
    { ...reading, temperature: 3 },
    'not json',
  ])
  const { deadLetters } = await eventually(
    'all are put aside',
    async () => {
      const page = await stack.get<{ deadLetters: DeadLetterRow[] }>('/api/dead-letters')
      return page.deadLetters.length >= 5 && page
    },
    patienceMs,
  )
  const reasons = new Map(deadLetters.map(({ code, reason }) => [`${code} ${reason.slice(0, 12)}`, reason]))
  expect([...reasons.values()]).toEqual(
    expect.arrayContaining([
      'missing: battery',
      expect.stringContaining('temperature: '),
      expect.stringContaining('at: expected a real ISO 8601'),
    ]),
  )
  expect(deadLetters.map(({ code }) => code).sort()).toEqual([
    'EVENT_INVALID',
    'EVENT_INVALID',
    'ID_CONFLICT',
    'MISSING_FIELDS',
    'NOT_JSON',
  ])
  const { accounts } = await stack.get<Health>('/api/health')
  expect(accounts.reduce((sum, { noise }) => sum + noise, 0)).toBe(1)
})

it('says what its fields are, and adds up', async () => {
  const document = await stack.get<object>('/api/openapi.json')
  expect(JSON.stringify(document)).toContain('degrees Celsius')
  expect(JSON.stringify(document)).toContain('"sensor_id"')
  const health = await eventually(
    'it is sampled and swept',
    async () => {
      const health = await stack.get<Health>('/api/health')
      return health.status === 'ok' && health.sweptAt !== null && health
    },
    patienceMs,
  )
  expect(health).toMatchObject({ balanced: true, complaints: [] })
  expect(new Set(health.accounts.map(({ group }) => group))).toEqual(new Set(['readings-consumer-group']))
})
