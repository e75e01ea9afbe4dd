// The whole pipeline, started as its user starts it: bad input, restarts and clashes are normal cases.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeadLetterRow, EventRow, Health, PublishResult, Summary } from '../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from './local-stack.ts'

const topic = 'retail-events'
const group = 'analytics-consumer-group'
const good = (id: string, change: object = {}) => ({
  event_id: id,
  event_type: 'purchase',
  user_id: 4242,
  product_id: 17,
  amount: 199.99,
  timestamp: new Date().toISOString().replace('Z', ''),
  region: 'AU-NSW',
  ...change,
})

/** Sends values to one partition, so that what comes last shows that nothing before it stood in the way. */
async function produce(stack: LocalStack, values: (Buffer | string | null)[]): Promise<void> {
  const producer = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  // One request each: together they would be more than a broker takes in one batch.
  for (const value of values) await producer.send({ topic, messages: [{ key: '4242', partition: 0, value }] })
  await producer.disconnect()
}

const newest = (stack: LocalStack) => stack.get<{ events: EventRow[] }>('/api/events').then(({ events }) => events)
const stored = (stack: LocalStack, id: string) =>
  eventually(`${id} is stored`, async () => (await newest(stack)).find((event) => event.event_id === id))

describe('bad input', () => {
  let stack: LocalStack
  beforeAll(async () => {
    stack = await startLocalStack(freshDirectory(), ['--no-producer'])
  })
  afterAll(() => stack.stop())

  it('becomes one dead letter each, with code, reason and raw bytes, and the next record is processed', async () => {
    const bad: [string, Buffer | string | null][] = [
      ['NOT_JSON', 'not json'],
      ['NOT_JSON', JSON.stringify(good('nan')).replace('199.99', 'NaN')],
      ['NOT_UTF8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
      ['EMPTY', ''],
      ['TOMBSTONE', null],
      ['MISSING_FIELDS', '{"event_id":"x"}'],
      ['EVENT_INVALID', JSON.stringify(good('typed', { amount: '199.99' }))],
      ['EVENT_INVALID', JSON.stringify(good('negative', { amount: -1 }))],
      ['EVENT_INVALID', JSON.stringify(good('huge', { amount: 1e12 }))],
      ['EVENT_INVALID', JSON.stringify(good('unknown', { event_type: 'refund' }))],
      ['EVENT_INVALID', JSON.stringify(good('impossible', { timestamp: '2026-02-30T00:00:00' }))],
      ['FUTURE_TIMESTAMP', JSON.stringify(good('future', { timestamp: '2999-01-01T00:00:00' }))],
      ['TOO_DEEP', '['.repeat(100_000) + ']'.repeat(100_000)],
      ['NOT_UTF8', Buffer.alloc(1_000_000, 0xfe)],
    ]
    await produce(stack, [...bad.map(([, value]) => value), JSON.stringify(good('after-the-bad'))])
    await stored(stack, 'after-the-bad')
    const letters: DeadLetterRow[] = []
    for (let cursor = '0'; ; ) {
      const path = `/api/dead-letters?after=${cursor}`
      const page = await stack.get<{ deadLetters: DeadLetterRow[]; cursor: string }>(path)
      if (page.deadLetters.length === 0) break
      letters.push(...page.deadLetters)
      cursor = page.cursor
    }
    expect(letters.map((letter) => letter.code)).toEqual(bad.map(([code]) => code))
    for (const [index, letter] of letters.entries()) {
      const value = bad[index]?.[1] ?? null
      expect(letter).toMatchObject({ topic, partition: 0, offset: index })
      expect(letter.reason).not.toBe('')
      expect(letter.raw).toBe(value === null ? null : Buffer.from(value).toString('base64'))
    }
    const summary = await stack.get<Summary>('/api/summary')
    expect(summary).toMatchObject({ events: 1, deadLetters: bad.length })
    expect(summary.errorRate).toBeCloseTo(bad.length / (bad.length + 1))
  })

  it('counts heartbeats and test traffic as noise, and stores neither', async () => {
    const before = await stack.get<Summary>('/api/summary')
    await produce(stack, [
      '{"event_type":"heartbeat"}',
      JSON.stringify(good('test-user', { user_id: '7' })),
      JSON.stringify(good('after-noise')),
    ])
    await stored(stack, 'after-noise')
    await eventually('both are counted', async () => {
      const { accounts } = await stack.get<Health>('/api/health')
      return accounts.find((account) => account.group === group && account.partition === 0)?.noise === 2
    })
    expect(await stack.get<Summary>('/api/summary')).toMatchObject({
      events: before.events + 1,
      deadLetters: before.deadLetters,
    })
  })
})

describe('POST /api/events', () => {
  it('publishes the valid ones, names what is wrong with the others, and they arrive', async () => {
    const stack = await startLocalStack(freshDirectory(), ['--no-producer'])
    const body = [good('posted-1'), good('posted-2', { amount: -5 }), good('posted-3', { user_id: '5000' })]
    const answer = await fetch(`${stack.dashboard}/api/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(200)
    const result = (await answer.json()) as PublishResult
    expect(result).toMatchObject({ accepted: 2, rejected: 1 })
    expect(result.results[1]).toMatchObject({ index: 1, error: expect.stringContaining('amount') })
    expect(await stored(stack, 'posted-3')).toMatchObject({ user_id: 5000, topic })
    await stored(stack, 'posted-1')
    expect(await stack.stop()).toBe(0)
  })
})

describe('the simulated shop', () => {
  it('flows by itself, and everything is still there after Ctrl-C and a new start', async () => {
    const directory = freshDirectory()
    const first = await startLocalStack(directory, ['--rate', '100', '--seed', '7'])
    await eventually('50 events', async () => (await first.get<Summary>('/api/summary')).events >= 50)
    expect(await first.stop()).toBe(0)

    const second = await startLocalStack(directory, ['--no-producer'])
    const { events } = await second.get<Summary>('/api/summary')
    expect(events).toBeGreaterThanOrEqual(50)
    await produce(second, [JSON.stringify(good('after-restart'))])
    await stored(second, 'after-restart')
    const health = await eventually('all is accounted', async () => {
      const health = await second.get<Health>('/api/health')
      return health.status === 'ok' && health
    })
    expect(health.accounts.reduce((sum, account) => sum + account.redelivered, 0)).toBe(0)
    expect(await second.stop()).toBe(0)
  })
})

describe('a damaged store', () => {
  it('is named with what to run, and comes back from Kafka when that was done', async () => {
    const directory = freshDirectory()
    const first = await startLocalStack(directory, ['--no-producer'])
    await produce(
      first,
      ['a', 'b', 'c'].map((id) => JSON.stringify(good(id))),
    )
    await stored(first, 'c')
    await first.stop()
    writeFileSync(`${directory}/freshet.db`, 'this is no database')
    await expect(startLocalStack(directory)).rejects.toThrow(/STORE_CORRUPT.*freshet\.db/s)

    rmSync(`${directory}/freshet.db`)
    const second = await startLocalStack(directory, ['--no-producer'])
    await stored(second, 'c')
    expect(await second.get<Summary>('/api/summary')).toMatchObject({ events: 3 })
    await second.stop()
  })
})

describe('a store that a power cut set back', () => {
  it('reads again what Kafka was told is done, and counts everything once', async () => {
    const directory = freshDirectory()
    const first = await startLocalStack(directory, ['--no-producer'])
    await produce(
      first,
      ['kept-1', 'kept-2'].map((id) => JSON.stringify(good(id))),
    )
    await stored(first, 'kept-2')
    await first.stop()
    const before = readFileSync(`${directory}/freshet.db`)

    const second = await startLocalStack(directory, ['--no-producer'])
    await produce(
      second,
      ['lost-1', 'lost-2'].map((id) => JSON.stringify(good(id))),
    )
    await stored(second, 'lost-2')
    await second.stop()
    writeFileSync(`${directory}/freshet.db`, before)

    const third = await startLocalStack(directory, ['--no-producer'])
    await stored(third, 'lost-2')
    const health = await eventually('all is accounted', async () => {
      const health = await third.get<Health>('/api/health')
      return health.status === 'ok' && health
    })
    expect(health.accounts.find((account) => account.group === group && account.partition === 0)).toMatchObject({
      stored: 4,
      redelivered: 0,
      unseen: 0,
    })
    await third.stop()
  })
})

describe('what is taken', () => {
  it('is refused when it is a data directory that another Freshet holds', async () => {
    const directory = freshDirectory()
    const holder = await startLocalStack(directory, ['--no-producer'])
    await expect(startLocalStack(directory)).rejects.toThrow(/DATA_DIRECTORY_IN_USE.*process \d+/)
    await holder.stop()
  })

  it('is refused with --brokers offered when a Kafka answers on the port', async () => {
    const holder = await startLocalStack(freshDirectory(), ['--no-producer'])
    const port = holder.kafka.split(':').at(-1) ?? ''
    await expect(startLocalStack(freshDirectory(), ['--kafka-port', port])).rejects.toThrow(
      `--brokers localhost:${port}`,
    )
    await holder.stop()
  })

  it('is stepped over when something else holds a port', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as { port: number }
    const stack = await startLocalStack(freshDirectory(), [
      '--no-producer',
      '--port',
      String(port),
      '--kafka-port',
      String(port),
    ])
    expect(stack.dashboard).not.toBe(`http://localhost:${port}`)
    expect(stack.kafka).not.toBe(`localhost:${port}`)
    await stack.get('/api/health')
    await stack.stop()
    holder.close()
  })
})

it('--brokers uses that Kafka and starts no broker', async () => {
  const broker = await startLocalStack(freshDirectory(), ['--no-producer'])
  const user = await startLocalStack(freshDirectory(), ['--no-producer', '--brokers', broker.kafka])
  expect(user.kafka).toBe(broker.kafka)
  await broker.stop()
  await user.stop()
})
