// Moves the write-ahead log into the database file, now and then.
import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'

/** A bigger log moves a page that changed often fewer times, and costs disk space and reading time. */
const walBytesMax = 16 * 1024 * 1024

/** Waiting for a reader holds up the writer, so it is short. */
const readerMsMax = 50

/** Checkpoints when the log has grown enough; `now`: in any case. */
export type Checkpoint = (options?: { now?: boolean }) => void

/**
 * Returns what to call after every commit.
 *
 * SQLite's own automatic checkpoint runs beside other writers, and up to 3.51.2 two of them and a commit that meet in
 * one instant can damage the file (https://www.sqlite.org/wal.html#walresetbug). A checkpoint that truncates holds the
 * write lock meanwhile, which keeps that instant from happening.
 */
export function checkpointer(db: Database, options: { file: string; busyMsMax: number }): Checkpoint {
  if (options.file === ':memory:') return () => {}
  const wal = `${options.file}-wal`
  let bytesMax = walBytesMax
  return function checkpoint({ now = false } = {}) {
    const bytes = statSync(wal, { throwIfNoEntry: false })?.size ?? 0
    if (bytes === 0 || (bytes < bytesMax && !now)) return
    db.pragma(`busy_timeout = ${readerMsMax}`)
    try {
      const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
      // Somebody reads from the log's old end. It is tried again when the log has grown as much once more.
      bytesMax = result?.busy ? bytes + walBytesMax : walBytesMax
    } finally {
      db.pragma(`busy_timeout = ${options.busyMsMax}`)
    }
  }
}
