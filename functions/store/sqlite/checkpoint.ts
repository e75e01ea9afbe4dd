// Moves the write-ahead log into the database file, now and then.
import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'

/** A bigger log moves a page that changed often fewer times, and costs disk space and reading time. */
const walBytesMax = 16 * 1024 * 1024

/**
 * Whoever commits waits for the checkpoint, in proportion to the log. A log that grows slowly is emptied in small steps,
 * because there each event's way counts; one that grows fast in large ones, because there the rate counts.
 */
const slowWalBytesMax = walBytesMax / 4
const slowMs = 500

/** Waiting for a reader holds up the writer, so it is short. */
const readerMsMax = 50

/** Whoever has the turn and is gone loses it after this: far longer than a checkpoint takes. */
const turnMs = 30_000

/** Checkpoints when the log has grown enough; `now`: in any case. */
export type Checkpoint = (options?: { now?: boolean }) => void

/**
 * Returns what to call after every commit.
 *
 * Up to SQLite 3.51.2 a checkpoint that starts just as another has ended, while a commit begins the log anew, can lose
 * what was committed (https://www.sqlite.org/wal.html#walresetbug). To ask for one that truncates is no protection: where
 * the write lock is not to be had in time it runs beside the writers all the same. So checkpoints take turns, by a row
 * of the store. To take the turn is a commit of one's own, so the log holds something that was not moved yet, and nobody
 * begins it anew before this checkpoint has moved it.
 */
export function checkpointer(
  db: Database,
  options: { file: string; busyMsMax: number; clock: () => number },
): Checkpoint {
  if (options.file === ':memory:') return () => {}
  const { clock, busyMsMax } = options
  const wal = `${options.file}-wal`
  const takeTurn = db.prepare(
    'UPDATE checkpoint_turn SET until_ms = @untilMs WHERE until_ms <= @nowMs OR until_ms > @untilMs',
  )
  const endTurn = db.prepare('UPDATE checkpoint_turn SET until_ms = 0')
  let bytesMax = walBytesMax
  let seen = { bytes: 0, anewMs: clock() }
  return function checkpoint({ now = false } = {}) {
    const bytes = statSync(wal, { throwIfNoEntry: false })?.size ?? 0
    const nowMs = clock()
    seen = { bytes, anewMs: bytes < seen.bytes ? nowMs : seen.anewMs }
    const slow = bytesMax === walBytesMax && nowMs - seen.anewMs >= slowMs
    if (bytes === 0 || (bytes < (slow ? slowWalBytesMax : bytesMax) && !now)) return
    // A turn beyond that time is from before the clock was set back.
    if (takeTurn.run({ nowMs, untilMs: nowMs + turnMs }).changes === 0) return
    db.pragma(`busy_timeout = ${readerMsMax}`)
    try {
      const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
      // Somebody reads from the log's old end. It is tried again when the log has grown as much once more.
      bytesMax = result?.busy ? bytes + walBytesMax : walBytesMax
    } finally {
      db.pragma(`busy_timeout = ${busyMsMax}`)
      endTurn.run()
    }
  }
}
