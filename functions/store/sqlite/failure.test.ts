// What a broken world looks like from outside: a code, the file's name, and what to do; and nothing half written.
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStore } from '../open.ts'
import { event, group } from '../testing/fixtures.ts'
import { openSqliteStore } from './store.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-store-'))
  file = join(folder, 'store.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const manyEvents = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => event({ offset: from + index }, { event_id: `event ${from + index}` }))

it('refuses addresses it does not know, without repeating what may be a password', async () => {
  const refusal = openStore('mysql://user:secret@host/db')
  await expect(refusal).rejects.toMatchObject({ code: 'STORE_URL_INVALID', retriable: false })
  await expect(refusal).rejects.not.toThrow('secret')
  await expect(openStore('sqlite:')).rejects.toMatchObject({ code: 'STORE_URL_INVALID' })
})

it('makes the folder it needs, and says when it cannot be or a folder lies in the place of the file', async () => {
  const store = await openStore(`sqlite:${join(folder, 'a/b/store.db')}`)
  await store.close()
  writeFileSync(join(folder, 'plain'), '')
  await expect(openStore(`sqlite:${folder}/plain/store.db`)).rejects.toMatchObject({ code: 'STORE_READ_ONLY' })
  mkdirSync(file)
  await expect(openStore(`sqlite:${file}`)).rejects.toMatchObject({
    code: 'STORE_READ_ONLY',
    retriable: true,
    message: expect.stringContaining(file),
  })
})

it('names a file that is no database, says what to run, and leaves it untouched', async () => {
  writeFileSync(file, 'garbage '.repeat(1_000))
  await expect(openStore(`sqlite:${file}`)).rejects.toMatchObject({
    code: 'STORE_CORRUPT',
    retriable: false,
    message: expect.stringContaining(file),
    hint: expect.stringContaining(`mv '${file}'`),
  })
  expect(readFileSync(file, 'utf8')).toBe('garbage '.repeat(1_000))
})

it('names a file that was damaged in the middle', async () => {
  const store = await openStore(`sqlite:${file}`)
  await store.writeBatch({ group, outcomes: manyEvents(2_000) })
  await store.close()
  const descriptor = openSync(file, 'r+')
  // The schema lies at the beginning.
  const pages = statSync(file).size / 4096
  for (let page = Math.ceil(pages / 2); page < pages; page++)
    writeSync(descriptor, Buffer.alloc(4096, 0xee), 0, 4096, page * 4096)
  const damaged = await openStore(`sqlite:${file}`)
  await expect(damaged.events({ group, limit: 5_000 })).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  await damaged.close()
})

it('refuses a store of a newer version, and a database of another program', async () => {
  await (await openStore(`sqlite:${file}`)).close()
  const newer = new Database(file)
  newer.pragma('user_version = 99')
  newer.close()
  await expect(openStore(`sqlite:${file}`)).rejects.toMatchObject({ code: 'STORE_NEWER', retriable: false })
  const foreign = new Database(join(folder, 'other.db'))
  foreign.exec('CREATE TABLE photos (id)')
  foreign.close()
  await expect(openStore(`sqlite:${folder}/other.db`)).rejects.toMatchObject({ code: 'STORE_URL_INVALID' })
})

it('reports a store that another holds as busy, and writes the same batch once it is free', async () => {
  const store = await openStore(`sqlite:${file}`, { busyMsMax: 20 })
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const batch = { group, outcomes: manyEvents(3) }
  await expect(store.writeBatch(batch)).rejects.toMatchObject({ code: 'STORE_BUSY', retriable: true })
  // Readers go on meanwhile.
  expect(await store.accounts()).toEqual([])
  other.exec('ROLLBACK')
  other.close()
  expect(await store.writeBatch(batch)).toMatchObject({ stored: 3 })
  await store.close()
})

it('keeps nothing of a batch that finds the disk full, and takes it when there is room again', async () => {
  const options = { readOnly: false, clock: Date.now, busyMsMax: 20 }
  const small = await openSqliteStore(file, { ...options, pagesMax: 61 })
  await small.writeBatch({ group, outcomes: manyEvents(10) })
  const before = [await small.accounts(), await small.head(group)]
  const batch = { group, outcomes: manyEvents(2_000, 10) }
  await expect(small.writeBatch(batch)).rejects.toMatchObject({ code: 'STORE_FULL', retriable: true })
  expect([await small.accounts(), await small.head(group)]).toEqual(before)
  await small.close()
  const store = await openSqliteStore(file, options)
  expect(await store.writeBatch(batch)).toMatchObject({ stored: 2_000 })
  await store.close()
})

it('refuses to write where it was opened for reading, and makes the schema all the same', async () => {
  const reader = await openStore(`sqlite:${file}`, { readOnly: true })
  expect(await reader.totals(group)).toEqual({ events: 0, deadLetters: 0 })
  await expect(reader.writeBatch({ group, outcomes: manyEvents(1) })).rejects.toMatchObject({ code: 'STORE_READ_ONLY' })
  await reader.close()
})

it('opens one new file from many sides at once', async () => {
  const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(`sqlite:${file}`)))
  for (const store of stores) await store.close()
})

it('answers a caller who comes after it was closed', async () => {
  const store = await openStore('sqlite::memory:')
  await store.close()
  await expect(store.accounts()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})
