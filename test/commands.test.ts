// `npm run send` and `npm run replay`, as their user runs them beside a stack.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Summary } from '../functions/api/schemas.ts'
import { root } from '../local/runtime/bundle-entry.mjs'
import { eventually, freshDirectory, startLocalStack } from './local-stack.ts'

interface Ran {
  code: number
  out: string
  err: string
}

function run(entry: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['local/run.mjs', entry, ...args], { cwd: root }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

const event = (n: number) =>
  JSON.stringify({
    event_id: `order-${n}`,
    event_type: 'view',
    user_id: 2000 + (n % 50),
    amount: 1,
    timestamp: '2026-05-01T12:00:00',
  })

it('a file is sent with its refused lines named, and read again without being counted again', async () => {
  const data = freshDirectory()
  const file = join(data, 'events.ndjson')
  const lines = Array.from({ length: 1_500 }, (_, n) => (n === 41 ? '{"event_id":"order-41"}' : event(n)))
  writeFileSync(file, lines.join('\n'))
  const stack = await startLocalStack(data, ['--no-producer'])

  const sent = await run('local/send.ts', file, '--data', data)
  expect(sent).toMatchObject({
    code: 2,
    out: expect.stringContaining('1,499 events sent to retail-events, 1 lines refused'),
  })
  expect(sent.err).toContain('line 42: MISSING_FIELDS')
  const arrived = async () => (await stack.get<Summary>('/api/summary')).events === 1_499
  await eventually('all of them are stored', arrived)

  const dry = await run('local/replay.ts', '--from', 'earliest', '--dry-run', '--data', data)
  expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('1,499 records are to be read again') })
  const live = await run('local/replay.ts', '--from', 'earliest', '--brokers', stack.kafka)
  expect(live).toMatchObject({ code: 1, err: expect.stringContaining('GROUP_IN_USE') })
  const replayed = await run('local/replay.ts', '--from', 'earliest', '--data', data)
  expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining('the account is balanced') })
  expect(replayed.out).toMatch(
    /partition 0: \d+ stored, 0 duplicates, 0 noise, 0 dead letters, (\d+) redelivered \(\+\1\)/,
  )
  expect(await arrived()).toBe(true)
  expect(await stack.stop()).toBe(0)

  const stopped = await run('local/replay.ts', '--from', '0:0', '--data', data)
  expect(stopped).toMatchObject({ code: 0, out: expect.stringContaining('the account is balanced') })
}, 90_000)
