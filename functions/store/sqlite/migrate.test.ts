// A store of an earlier version is brought up to date with all it holds, and a failed step leaves it as it was.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { event, group, noise, startMs, topic } from '../testing/fixtures.ts'
import { openSqliteStore } from './store.ts'

const dayMs = 24 * 60 * 60 * 1000
let folder: string
let file: string
let now = startMs
const open = () => openSqliteStore(file, { readOnly: false, clock: () => now, busyMsMax: 1_000, idsPerRun: 2 })

/** A store as the first version left it: three events, two of them with sealed ids. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-migrate-'))
  file = join(folder, 'store.db')
  now = startMs
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.exec(readFileSync(join(import.meta.dirname, 'migrations/001-first.sql'), 'utf8'))
  const minute = startMs / 60_000
  db.exec(`
    INSERT INTO consumer_group VALUES (1, '${group}', 3);
    INSERT INTO source VALUES (1, 1, '${topic}', 0);
    INSERT INTO account (id, source_id, epoch, stored) VALUES (1, 1, 1, 3);
    INSERT INTO accounted_range VALUES (1, 0, 3);
    INSERT INTO event_minute VALUES (1, ${minute}, 'purchase', 'AU-NSW', 'low', 2, 300), (1, ${minute + 61}, 'purchase', 'AU-NSW', 'low', 1, 50);
    UPDATE id_state SET recent = 0, runs = 0;
    PRAGMA application_id = ${0x46525348};
    PRAGMA user_version = 1;`)
  const row = db.prepare(
    `INSERT INTO event VALUES (1, ?, 1, ?, 0, ${startMs}, ${startMs}, ?, 'purchase', 5000, NULL, 1, 100, 'low', 1, 'AU-NSW', '2026-11-23T00:00:00.000Z', NULL)`,
  )
  const id = db.prepare('INSERT INTO recent_id VALUES (1, ?, ?)')
  for (const [offset, name] of ['a', 'b', 'c'].entries()) {
    row.run(offset + 1, offset, name)
    const { contentHash } = event({ offset }, { event_id: name }) as { contentHash: Uint8Array }
    id.run(name, contentHash)
  }
  db.exec('UPDATE id_state SET recent = 3')
  db.close()
})
afterEach(() => rmSync(folder, { recursive: true }))

it('keeps rows, accounts and ids, and gives hours to figures by the minute', async () => {
  const store = await open()
  expect((await store.events({ group, after: 0, limit: 9 })).map((row) => row.event_id)).toEqual(['a', 'b', 'c'])
  expect(await store.writeBatch({ group, outcomes: [event({ offset: 3 }, { event_id: 'a' })] })).toMatchObject({
    duplicates: 1,
  })
  const hours = await store.rollups({ group, by: 'hour', fromMs: startMs, toMs: startMs + dayMs, timeZone: 'UTC' })
  expect(hours.map(({ sums }) => [sums[0]?.events, sums[0]?.amountCents])).toEqual([
    [2, 300],
    [1, 50],
  ])
  await store.sweep({ budgetMs: 60_000 })
  expect((await store.lastSweep()).complaints).toEqual([])
  await store.close()
})

it('lets the ids go that it found, once the topic has passed them', async () => {
  const store = await open()
  await store.writeBatch({ group, outcomes: [noise({ offset: 3 })] })
  const sample = { group, topic, partition: 0, at: now, logStartOffset: 10, endOffset: 10, committedOffset: 10 }
  await store.writeLagSamples([sample])
  now += dayMs + 60_000
  await store.writeLagSamples([{ ...sample, at: now }])
  const retention = { eventMsMax: 90 * dayMs, deadLetterMsMax: 90 * dayMs, bytesMax: null }
  expect(await store.expire({ budgetMs: 60_000, retention })).toMatchObject({ ids: 3 })
  await store.close()
})

it('is left as it was when a step fails half way, and says why', async () => {
  const db = new Database(file)
  db.exec('CREATE TABLE hour_users (left_behind INTEGER)')
  db.close()
  await expect(open()).rejects.toThrow('hour_users')
  const again = new Database(file)
  expect(again.pragma('user_version', { simple: true })).toBe(1)
  expect(again.prepare('SELECT count(*) FROM event').pluck().get()).toBe(3)
  expect(again.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'event_hour'").pluck().get()).toBe(0)
  again.close()
})
