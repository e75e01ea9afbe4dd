// Holds the store's writes up, as another program does that began a transaction and does not end it.
import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 5
const patienceMs = 5_000

/** How the store at `url` is held up; a sentence where it cannot be. */
export function storeHolder(url: string): (() => Promise<() => void>) | string {
  const file = /^sqlite:([^?]+)/.exec(url)?.[1]
  if (!file || file === ':memory:') return 'only a store in a SQLite file can be held up from here'
  return () => holdStore(file)
}

/**
 * Takes the lock of writers; answers how to let it go.
 *
 * @throws SQLite's error when other writers leave no gap for 5 s
 */
async function holdStore(file: string): Promise<() => void> {
  const { default: Database } = await import('better-sqlite3')
  // It does not wait inside SQLite, which would stop the whole process: it asks again.
  const database = new Database(file, { timeout: 0, fileMustExist: true })
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE')
      return () => database.close()
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || Date.now() > deadline) {
        database.close()
        throw error
      }
      await sleep(pauseMs)
    }
  }
}
