// The write-ahead log stays small whatever is written, and a reader that does not let go only postpones that.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStore } from '../open.ts'
import { deadLetter, group } from '../testing/fixtures.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('empties the log when it has grown, also after a reader has held it', async () => {
  const file = join(folder, 'store.db')
  const megabyte = 1024 * 1024
  const logBytes = () => statSync(`${file}-wal`).size
  const store = await openStore(`sqlite:${file}`)
  let offset = 0
  const writeMegabytes = async (count: number) => {
    for (let index = 0; index < count; index++) {
      await store.writeBatch({ group, outcomes: [deadLetter({ offset: offset++ }, 'x'.repeat(megabyte))] })
    }
  }
  await writeMegabytes(40)
  expect(logBytes()).toBeLessThan(20 * megabyte)

  const reader = new Database(file)
  reader.exec('BEGIN; SELECT count(*) FROM dead_letter')
  await writeMegabytes(40)
  expect(logBytes()).toBeGreaterThan(36 * megabyte)
  reader.exec('COMMIT')
  reader.close()
  await writeMegabytes(40)
  expect(logBytes()).toBeLessThan(36 * megabyte)
  expect(await store.totals(group)).toEqual({ events: 0, deadLetters: 120 })
  await store.close()
})

it('is emptied by what nobody waits for, rather than by batches', async () => {
  const file = join(folder, 'store.db')
  const megabyte = 1024 * 1024
  const logBytes = () => statSync(`${file}-wal`).size
  const store = await openStore(`sqlite:${file}`)
  const write = (offset: number, megabytes: number) =>
    store.writeBatch({ group, outcomes: [deadLetter({ offset }, 'x'.repeat(megabytes * megabyte))] })

  await write(0, 1)
  await store.writeLagSamples([])
  expect(logBytes()).toBeGreaterThan(megabyte)
  await write(1, 10)
  expect(logBytes()).toBeGreaterThan(10 * megabyte)
  await store.writeLagSamples([])
  expect(logBytes()).toBeLessThan(megabyte)
  await store.close()
})

it('tries once, and not with each commit, while a reader holds the log', async () => {
  const file = join(folder, 'store.db')
  const logBytes = () => statSync(`${file}-wal`).size
  const store = await openStore(`sqlite:${file}`)
  const reader = new Database(file)
  reader.exec('BEGIN; SELECT count(*) FROM dead_letter')
  await store.writeBatch({ group, outcomes: [deadLetter({ offset: 0 }, 'x'.repeat(10 * 1024 * 1024))] })
  await store.writeLagSamples([])
  // To try is to take a turn, which is a commit.
  const tried = logBytes()
  for (let index = 0; index < 20; index++) await store.writeLagSamples([])
  expect(logBytes()).toBe(tried)
  reader.close()
  await store.close()
})

it('leaves the log to whoever has the turn, until that one is gone for long', async () => {
  const file = join(folder, 'store.db')
  const clock = { ms: 1_000_000 }
  const store = await openStore(`sqlite:${file}`, { clock: () => clock.ms })
  const logBytes = () => statSync(`${file}-wal`).size
  const other = new Database(file)
  other.prepare('UPDATE checkpoint_turn SET until_ms = ?').run(clock.ms + 30_000)
  await store.writeBatch({ group, outcomes: [deadLetter({ offset: 0 }, 'x'.repeat(36 * 1024 * 1024))] })
  expect(logBytes()).toBeGreaterThan(36 * 1024 * 1024)
  clock.ms += 30_001
  await store.writeBatch({ group, outcomes: [deadLetter({ offset: 1 }, 'x')] })
  expect(logBytes()).toBeLessThan(1024 * 1024)
  other.close()
  await store.close()
})
