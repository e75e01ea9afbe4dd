// Other people's clients, unmodified, against the running pipeline.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { EventRow, Summary } from '../../functions/api/schemas.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'

const run = promisify(execFile)
const python = process.env.PYTHON ?? 'python3'
const script = (name: string) => join(import.meta.dirname, name)
const lines = (text: string) => text.split('\n').filter(Boolean)

let stack: LocalStack
beforeEach(async () => {
  stack = await startLocalStack(freshDirectory(), ['--no-producer'])
})
afterEach(() => stack.stop())

it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
  "the shop's Python producer feeds the page, compression %s",
  async (codec) => {
    const { stdout } = await run(python, [script('shop_producer.py'), stack.kafka, '50', codec])
    expect(lines(stdout)).toHaveLength(50)
    await eventually('all 50 are stored', async () => (await stack.get<Summary>('/api/summary')).events === 50)
    expect(await stack.get<Summary>('/api/summary')).toMatchObject({ deadLetters: 0 })
  },
)

it('confluent-kafka and kcat read the topic beside the consumer, each in a group of its own', async () => {
  await run(python, [script('shop_producer.py'), stack.kafka, '60'])
  await eventually('all 60 are stored', async () => (await stack.get<Summary>('/api/summary')).events === 60)
  const { events } = await stack.get<{ events: EventRow[] }>('/api/events?limit=100')
  const stored = events.map((event) => event.event_id).sort()

  const byPython = await run(python, [script('group_consumer.py'), stack.kafka, '60', 'python-readers'])
  expect(lines(byPython.stdout).sort()).toEqual(stored)

  const byKcat = await run('kcat', ['-b', stack.kafka, '-C', '-t', 'retail-events', '-e', '-q'])
  expect(
    lines(byKcat.stdout)
      .map((line) => JSON.parse(line).event_id)
      .sort(),
  ).toEqual(stored)

  const byGroup = await run('kcat', [
    '-b',
    stack.kafka,
    '-G',
    'kcat-readers',
    '-X',
    'auto.offset.reset=earliest',
    '-c',
    '60',
    '-q',
    'retail-events',
  ])
  expect(
    lines(byGroup.stdout)
      .map((line) => JSON.parse(line).event_id)
      .sort(),
  ).toEqual(stored)

  // Committed offsets are seen by everyone: a second run of the same group has nothing left to read.
  const metadata = await run('kcat', ['-b', stack.kafka, '-L', '-J', '-t', 'retail-events'])
  expect(JSON.parse(metadata.stdout).topics[0].partitions).toHaveLength(3)
})

it('what kcat produces arrives', async () => {
  const event = {
    event_id: 'from-kcat',
    event_type: 'view',
    user_id: '4242',
    amount: 5,
    timestamp: '2026-05-01T10:00:00',
  }
  const kcat = run('kcat', ['-b', stack.kafka, '-P', '-t', 'retail-events', '-k', '4242'])
  kcat.child.stdin?.end(JSON.stringify(event))
  await kcat
  await eventually('it is stored', async () => (await stack.get<Summary>('/api/summary')).events === 1)
})
