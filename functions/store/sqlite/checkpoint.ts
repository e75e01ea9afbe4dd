// Moves the write-ahead log into the database file, now and then.
import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { inTurn } from './in-turn.ts'

/** A bigger log moves a page that changed often fewer times, and costs disk space and reading time. */
const walBytesMax = 32 * 1024 * 1024

/** What it has to hold to be worth it, by what was committed. */
const worthBytes = {
  /** A batch: the next one waits meanwhile. */
  batch: walBytesMax,
  /** Anything else, for which nobody waits. Where something is written every second, no batch ever has to. */
  other: walBytesMax / 8,
  /** An erasure: nothing of what was there may be left in it. */
  erasure: 1,
}

/** Waiting for a reader holds up the writer, so it is short. */
const readerMsMax = 50

/** Whoever has the turn and is gone loses it after this: far longer than a checkpoint takes. */
const turnMs = 30_000

/** Checkpoints when it is worth it. */
export type Checkpoint = (committed: keyof typeof worthBytes) => void

/**
 * Returns what to call after every commit. Most of it is done beside the writers; they are kept out for the rest, a few
 * milliseconds.
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
  const freeTurn = db.prepare(
    'UPDATE checkpoint_turn SET until_ms = @untilMs WHERE until_ms <= @nowMs OR until_ms > @untilMs',
  )
  const takeTurn = inTurn(db, (turn: { nowMs: number; untilMs: number }) => freeTurn.run(turn).changes > 0)
  const ownTurn = db.prepare('UPDATE checkpoint_turn SET until_ms = ?')
  const setTurn = inTurn(db, (untilMs: number) => ownTurn.run(untilMs))
  let heldAt = Number.POSITIVE_INFINITY
  return function checkpoint(committed) {
    const bytes = statSync(wal, { throwIfNoEntry: false })?.size ?? 0
    const worth = worthBytes[committed]
    const wasHeld = bytes >= heldAt && bytes < heldAt + worth
    if (bytes < worth || (wasHeld && committed !== 'erasure')) return
    const nowMs = clock()
    const untilMs = nowMs + turnMs
    // A turn beyond that time is from before the clock was set back.
    if (!takeTurn({ nowMs, untilMs })) return
    try {
      db.pragma('wal_checkpoint(PASSIVE)')
      // A commit of one's own again: what the writers left may all be moved by now.
      setTurn(untilMs)
      db.pragma(`busy_timeout = ${readerMsMax}`)
      const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
      // Somebody reads from the log's old end. It is tried again when the log has grown as much once more.
      heldAt = result?.busy ? bytes : Number.POSITIVE_INFINITY
    } finally {
      db.pragma(`busy_timeout = ${busyMsMax}`)
      setTurn(0)
    }
  }
}
