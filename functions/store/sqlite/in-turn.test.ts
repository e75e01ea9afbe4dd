// Who writes waits for the lock, does its work once, and gives up in the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { inTurn } from './in-turn.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-turn-'))
  file = join(folder, 'store.db')
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE note (text TEXT)')
  db.close()
})
afterEach(() => rmSync(folder, { recursive: true }))

const holder = `
  const { parentPort, workerData } = require('node:worker_threads')
  const db = new (require(workerData.sqlite))(workerData.file)
  db.exec("BEGIN IMMEDIATE; INSERT INTO note VALUES ('first')")
  parentPort.postMessage('held')
  setTimeout(() => { db.exec('COMMIT'); db.close() }, 200)
`

it('works once, after whoever holds the lock', async () => {
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3')
  const worker = new Worker(holder, { eval: true, workerData: { sqlite, file } })
  await new Promise((resolve) => worker.once('message', resolve))
  const db = new Database(file, { timeout: 30_000 })
  let times = 0
  const write = inTurn(db, (text: string) => {
    times += 1
    db.prepare('INSERT INTO note VALUES (?)').run(text)
    return db.prepare('SELECT text FROM note ORDER BY rowid').pluck().all()
  })
  expect(write('second')).toEqual(['first', 'second'])
  expect(times).toBe(1)
  expect(db.pragma('busy_timeout', { simple: true })).toBe(30_000)
  db.close()
  await worker.terminate()
})

it('gives up when the connection has waited for as long as it does', () => {
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const db = new Database(file, { timeout: 20 })
  expect(() => inTurn(db, () => {})()).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }))
  other.close()
  db.close()
})

it('is a part of the transaction that it is called in', () => {
  const db = new Database(file)
  const write = inTurn(db, () => db.exec("INSERT INTO note VALUES ('part')"))
  const whole = inTurn(db, () => {
    write()
    throw new Error('undone')
  })
  expect(whole).toThrow('undone')
  expect(db.prepare('SELECT count(*) FROM note').pluck().get()).toBe(0)
  db.close()
})
