import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { storeHolder } from './hold-store.ts'

it('keeps other writers out until it lets go, and readers never', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-hold-'))
  const file = join(folder, 'store.db')
  const store = new Database(file, { timeout: 0 })
  store.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n)')
  const hold = storeHolder(`sqlite:${file}?synchronous=normal`)
  if (typeof hold === 'string') throw new Error(hold)
  const letGo = await hold()
  expect(() => store.exec('INSERT INTO t VALUES (1)')).toThrow(/locked/)
  expect(store.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 })
  letGo()
  store.exec('INSERT INTO t VALUES (1)')
  store.close()
  rmSync(folder, { recursive: true })
})

it('says of other stores that they cannot be held', () => {
  expect(storeHolder('postgres://user@host/db')).toEqual(expect.any(String))
  expect(storeHolder('sqlite::memory:')).toEqual(expect.any(String))
})
