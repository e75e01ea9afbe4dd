// Marks stay few: one for many small batches, and none for rows that are gone.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { event, group, startMs } from '../testing/fixtures.ts'
import { openSqliteStore } from './store.ts'

let folder: string
let store: Store
let now: number
beforeEach(async () => {
  now = startMs
  folder = mkdtempSync(join(tmpdir(), 'freshet-marks-'))
  store = await openSqliteStore(join(folder, 'store.db'), {
    readOnly: false,
    clock: () => now,
    busyMsMax: 1_000,
    synchronous: 'normal',
  })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

function marks(): number[] {
  const db = new Database(join(folder, 'store.db'), { readonly: true })
  const offsets = db.prepare<[], number>('SELECT record_offset FROM place_mark ORDER BY 1').pluck().all()
  db.close()
  return offsets
}
const write = (offset: number) => store.writeBatch({ group, outcomes: [event({ offset }, { event_id: `e${offset}` })] })

it('batches of one event share a mark', async () => {
  for (let offset = 0; offset < 600; offset++) await write(offset)
  expect(marks()).toEqual([0, 256, 512])
})

it('marks go with the rows they speak of', async () => {
  for (let offset = 0; offset < 40_000; offset += 1_000) {
    await write(offset)
    now += 1_000
    await store.expire({ budgetMs: 1_000, retention: { eventMsMax: 3_000, deadLetterMsMax: 3_000, bytesMax: null } })
  }
  expect(marks().length).toBeLessThan(6)
})
