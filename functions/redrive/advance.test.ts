// Redrives keep their speed, stop in time, and send the same tokens again after a failure.
import { beforeEach, expect, it } from 'vitest'
import type { OutgoingMessage } from '../kafka/publish.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { deadLetter, group, startMs } from '../store/testing/fixtures.ts'
import { type AdvanceParts, advanceRedrives } from './advance.ts'
import { tokenOf } from './header.ts'

let store: Store
let nowMs = startMs
let tokens = 0
const published: { atMs: number; message: OutgoingMessage }[] = []
beforeEach(async () => {
  store = await openStore('sqlite::memory:', { clock: () => nowMs })
  nowMs = startMs
  tokens = 0
  published.length = 0
  return () => store.close()
})

const parts = (change: Partial<AdvanceParts> = {}): AdvanceParts => ({
  redrives: store.redrives,
  publish: async (_, messages) => {
    published.push(...messages.map((message) => ({ atMs: nowMs - startMs, message })))
    return []
  },
  newToken: () => `token-${++tokens}`,
  holder: 'a',
  now: () => nowMs,
  // Sleeping is all that takes time here.
  sleep: async (ms) => {
    nowMs += ms
  },
  endMs: nowMs + 850,
  ...change,
})

async function begin(letters: number, perSecond: number): Promise<number> {
  const outcomes = Array.from({ length: letters }, (_, offset) => deadLetter({ offset, partition: 2 }, `bad ${offset}`))
  await store.writeBatch({ group, outcomes })
  const items = outcomes.map((_, index) => ({ seq: index + 1, value: null }))
  return (await store.redrives.begin({ group, by: 'a test', selection: 'some', perSecond, items })).id
}
const sentTokens = () =>
  published.map(({ message }) => {
    const bytes = [...Buffer.from(message.headers?.['freshet-attempt'] ?? '')]
    return tokenOf([{ 'freshet-attempt': bytes }])
  })

it('does nothing where nothing is to be done', async () => {
  expect(await advanceRedrives(parts())).toEqual({ sent: 0 })
})

it.each([
  [1, [0]],
  [4, [0, 250, 500, 750]],
  [20, [0, 0, 100, 100, 200, 200, 300, 300, 400, 400, 500, 500, 600, 600, 700, 700, 800, 800]],
])('sends %i records a second', async (perSecond, times) => {
  await begin(50, perSecond)
  expect(await advanceRedrives(parts())).toEqual({ sent: times.length })
  expect(published.map(({ atMs }) => Math.round(atMs))).toEqual(times)
})

it('sends the record as it was, and names the dead letter and the attempt', async () => {
  const id = await begin(1, 10)
  await advanceRedrives(parts())
  expect(published[0]?.message).toEqual({
    key: null,
    value: Buffer.from('bad 0'),
    headers: { 'freshet-dead-letter': 'retail-events/2/0', 'freshet-attempt': '1/token-1' },
  })
  expect(await store.redrives.find({ group, id })).toMatchObject({ state: 'sent', inFlight: 1 })
})

it('tells what is in the way, and then sends the same tokens again', async () => {
  const id = await begin(3, 10)
  const failing = parts({ publish: () => Promise.reject(new Error('KAFKA_UNAVAILABLE: nobody answers')) })
  await expect(advanceRedrives(failing)).rejects.toThrow('nobody answers')
  const found = await store.redrives.find({ group, id })
  expect(found).toMatchObject({ trouble: 'KAFKA_UNAVAILABLE: nobody answers', state: 'running', waiting: 2 })
  expect(await advanceRedrives(parts({ endMs: nowMs + 1_000 }))).toEqual({ sent: 3 })
  expect(sentTokens()[0]).toBe('token-1')
  expect(new Set(sentTokens()).size).toBe(3)
  expect(await store.redrives.find({ group, id })).toMatchObject({ trouble: null, state: 'sent', waiting: 0 })
})

it('leaves a redrive to whoever holds it', async () => {
  const id = await begin(1, 10)
  await store.redrives.take({ holder: 'another', untilMs: nowMs + 5_000 })
  expect(await advanceRedrives(parts())).toEqual({ sent: 0 })
  nowMs += 5_001
  expect(await advanceRedrives(parts({ endMs: nowMs + 850 }))).toEqual({ sent: 1 })
  expect(await store.redrives.find({ group, id })).toMatchObject({ state: 'sent' })
})

it.each([
  ['no headers of ours', [{ trace: [97] }]],
  ['a token that is none', [{ 'freshet-attempt': [...Buffer.from('1/../../x y')] }]],
  ['far too long a token', [{ 'freshet-attempt': [...Buffer.from(`1/${'a'.repeat(65)}`)] }]],
])('takes %s for no attempt', (_, headers) => {
  expect(tokenOf(headers as Record<string, number[]>[])).toBeUndefined()
})
