// `npm run replay -- --rebuild` beside a running stack: figures are made anew while the shop goes on, and both consumers add up.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import type { Figures } from '../functions/api/schemas/figures.ts'
import type { EventRow, Health, Summary } from '../functions/api/schemas.ts'
import { root } from '../local/runtime/bundle-entry.mjs'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from './local-stack.ts'

/** Starts and commands take their time on a busy machine. */
const patienceMs = 60_000

async function rebuild(directory: string): Promise<{ exitCode: number | null; output: string }> {
  const given = ['local/run.mjs', 'local/replay.ts', '--rebuild', '--data', directory]
  const child = spawn(process.execPath, given, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  await once(child, 'close')
  return { exitCode: child.exitCode, output: (await output).join('') }
}

const groups = ['analytics-consumer-group', 'abandonment-consumer-group']

/** Makes all figures by the hour wrong, behind the store's back. */
function spoilFigures(directory: string): void {
  const db = new Database(join(directory, 'freshet.db'), { timeout: patienceMs })
  db.exec('UPDATE event_hour SET amount_cents = amount_cents + 7')
  db.close()
}

interface MappingState {
  consumerGroupId: string
  partitions: { phase: string; lag: number | null }[]
}

/** Ends the shop's flow and waits until both consumers have committed all there is. */
async function comeToRest(stack: LocalStack): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ paused: true })
  await fetch(`${stack.dashboard}/api/local/producer`, { method: 'POST', headers, body })
  await eventually(
    'all is read',
    async () => {
      const status = await stack.get<{ producer: string; mappings: MappingState[] }>('/api/local/status')
      if (status.producer !== 'paused') return false
      // The second consumer starts a moment after the first.
      return groups.every((group) => {
        const mapping = status.mappings.find(({ consumerGroupId }) => consumerGroupId === group)
        const partitions = mapping?.partitions ?? []
        return partitions.length > 0 && partitions.every(({ phase, lag }) => phase === 'idle' && lag === 0)
      })
    },
    patienceMs,
  )
}

/** What the figures by the hour have to be, from the rows themselves. */
async function sumsOfRows(stack: LocalStack): Promise<Map<string, number>> {
  const answer = await fetch(`${stack.dashboard}/api/exports/events?format=ndjson`)
  const rows = (await answer.text()).trim().split('\n')
  const sums = new Map<string, number>()
  for (const row of rows.map((line) => JSON.parse(line) as EventRow)) {
    const hour = `${row.timestamp.slice(0, 13)}:00:00.000Z`
    const key = [hour, row.event_type, row.region, row.amount_bucket].join(' ')
    sums.set(key, (sums.get(key) ?? 0) + Math.round(row.amount * 100))
  }
  return sums
}

async function sumsOfFigures(stack: LocalStack): Promise<Map<string, number>> {
  const from = new Date(Date.now() - 7 * 86_400_000).toISOString()
  const { figures } = await stack.get<Figures>(`/api/figures?by=hour&from=${from}`)
  return new Map(
    figures.flatMap(({ from, sums }) =>
      sums.map((sum): [string, number] => [
        [from, sum.event_type, sum.region, sum.amount_bucket].join(' '),
        sum.amountCents,
      ]),
    ),
  )
}

it('serves figures that are right again, with all that was stored meanwhile, and every record accounted for', async () => {
  const directory = freshDirectory()
  const stack = await startLocalStack(directory, ['--rate', '200', '--seed', '3'])
  const events = async () => (await stack.get<Summary>('/api/summary')).events
  const before = await eventually('some are stored', async () => {
    const count = await events()
    return count > 100 && count
  })
  spoilFigures(directory)
  const { exitCode, output } = await rebuild(directory)
  expect([exitCode, output]).toEqual([0, expect.stringContaining('figures came out otherwise and were corrected')])
  const meanwhile = await events()
  expect(meanwhile).toBeGreaterThan(before)
  await eventually('the shop goes on', async () => (await events()) > meanwhile)

  await comeToRest(stack)
  expect(await sumsOfFigures(stack)).toEqual(await sumsOfRows(stack))
  const startedAt = new Date().toISOString()
  const health = await eventually(
    'the rows were swept since',
    async () => {
      const health = await stack.get<Health>('/api/health')
      return (health.sweptAt ?? '') > startedAt && health
    },
    patienceMs,
  )
  expect(health).toMatchObject({ balanced: true, complaints: [] })
  for (const group of groups) {
    const accounts = health.accounts.filter((account) => account.group === group)
    expect(accounts.reduce((sum, { stored }) => sum + stored, 0)).toBeGreaterThan(0)
    expect(accounts.map(({ redelivered, unseen }) => [redelivered, unseen])).toEqual(accounts.map(() => [0, 0]))
  }
  expect(await stack.stop()).toBe(0)
}, 180_000)
