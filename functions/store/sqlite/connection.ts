// Opens SQLite files the way the store needs them.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { isBusy } from './failure.ts'

export interface ConnectionOptions {
  /** How long a write waits for another process's before it fails with STORE_BUSY. It blocks the thread. */
  busyMsMax: number
  /** KiB of pages kept in memory; taken as they are needed. */
  cacheKiB: number
  synchronous?: 'FULL' | 'NORMAL'
}

/**
 * Opens `file` (or ':memory:') in WAL mode; its folder is made if need be.
 *
 * synchronous = FULL unless asked otherwise: every commit is on the disk before it is acknowledged, because Kafka's offset is committed right
 * after. NORMAL would survive kill -9 as well, but a power cut could take the newest commits whose offsets Kafka already
 * has as done: the account would show them as unseen, yet only a replay would bring them back. One fsync per batch is
 * the price, and batches grow as the disk gets slower. Who replays by itself after a cut may ask for NORMAL.
 */
export async function connect(file: string, options: ConnectionOptions): Promise<Database.Database> {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true })
  const db = new Database(file, { timeout: options.busyMsMax })
  try {
    await enterWal(db, options.busyMsMax)
    db.pragma(`synchronous = ${options.synchronous ?? 'FULL'}`)
    db.pragma(`cache_size = -${options.cacheKiB}`)
    // The writer checkpoints by itself: see checkpoint.ts.
    db.pragma('wal_autocheckpoint = 0')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** SQLite answers BUSY at once, without waiting, where two connections turn a new file to WAL at the same moment. */
async function enterWal(db: Database.Database, busyMsMax: number): Promise<void> {
  const pauseMs = 10
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    try {
      db.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || waitedMs >= busyMsMax) throw error
      await sleep(pauseMs)
    }
  }
}
