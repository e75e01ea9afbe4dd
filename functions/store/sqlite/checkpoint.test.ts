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
  await writeMegabytes(20)
  expect(logBytes()).toBeLessThan(10 * megabyte)

  const reader = new Database(file)
  reader.exec('BEGIN; SELECT count(*) FROM dead_letter')
  await writeMegabytes(20)
  expect(logBytes()).toBeGreaterThan(18 * megabyte)
  reader.exec('COMMIT')
  reader.close()
  await writeMegabytes(20)
  expect(logBytes()).toBeLessThan(18 * megabyte)
  expect(await store.totals(group)).toEqual({ events: 0, deadLetters: 60 })
  await store.close()
})

it('empties a log that grows slowly in smaller steps', async () => {
  const file = join(folder, 'store.db')
  const clock = { ms: 1_000_000 }
  const store = await openStore(`sqlite:${file}`, { clock: () => clock.ms })
  const megabyte = 1024 * 1024
  let offset = 0
  const largest = async ({ everyMs }: { everyMs: number }) => {
    let bytes = 0
    for (let index = 0; index < 30; index++) {
      clock.ms += everyMs
      await store.writeBatch({ group, outcomes: [deadLetter({ offset: offset++ }, 'x'.repeat(megabyte))] })
      bytes = Math.max(bytes, statSync(`${file}-wal`).size)
    }
    return bytes
  }
  expect(await largest({ everyMs: 0 })).toBeGreaterThan(12 * megabyte)
  expect(await largest({ everyMs: 600 })).toBeLessThan(18 * megabyte)
  expect(await largest({ everyMs: 600 })).toBeLessThan(6 * megabyte)
  await store.close()
})

it('leaves the log to whoever has the turn, until that one is gone for long', async () => {
  const file = join(folder, 'store.db')
  const clock = { ms: 1_000_000 }
  const store = await openStore(`sqlite:${file}`, { clock: () => clock.ms })
  const logBytes = () => statSync(`${file}-wal`).size
  const other = new Database(file)
  other.prepare('UPDATE checkpoint_turn SET until_ms = ?').run(clock.ms + 30_000)
  await store.writeBatch({ group, outcomes: [deadLetter({ offset: 0 }, 'x'.repeat(20 * 1024 * 1024))] })
  expect(logBytes()).toBeGreaterThan(20 * 1024 * 1024)
  clock.ms += 30_001
  await store.writeBatch({ group, outcomes: [deadLetter({ offset: 1 }, 'x')] })
  expect(logBytes()).toBeLessThan(1024 * 1024)
  other.close()
  await store.close()
})
