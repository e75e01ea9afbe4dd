// Transactions that write, whose turn comes soon after the one before has ended.
import type { Database } from 'better-sqlite3'
import { isBusy } from './failure.ts'

/**
 * `work` as a transaction that holds the write lock from its beginning on, so that what it reads stays true. It waits for
 * the lock as long as the connection waits for any.
 *
 * SQLite itself waits by sleeping longer and longer, up to a tenth of a second, and nobody stands in line: beside one who
 * writes a hundred times a second another one can wait for a second. Here it looks every millisecond.
 */
export function inTurn<Args extends unknown[], Result>(
  db: Database,
  work: (...args: Args) => Result,
): (...args: Args) => Result {
  const transaction = db.transaction(work)
  const waitMsMax = db.pragma('busy_timeout', { simple: true }) as number
  return (...args) => {
    if (db.inTransaction) return transaction(...args)
    const untilMs = performance.now() + waitMsMax
    db.pragma('busy_timeout = 1')
    try {
      for (;;) {
        try {
          return transaction.immediate(...args)
        } catch (error) {
          if (!isBusy(error) || performance.now() >= untilMs) throw error
        }
      }
    } finally {
      db.pragma(`busy_timeout = ${waitMsMax}`)
    }
  }
}
