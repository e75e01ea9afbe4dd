// The data directory: made when absent, and held by one running Freshet at a time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { PipelineError } from '../functions/errors.ts'

/** Required, not imported: Node's lexer for imported CommonJS modules costs a broker by itself a third of its start. */
const Database = createRequire(import.meta.url)('better-sqlite3') as typeof import('better-sqlite3')

export interface HeldDirectory {
  release(): void
}

/**
 * Makes the directory and holds it until `release` or the end of the process, however that ends.
 *
 * What holds it is an operating-system lock (SQLite's exclusive lock on the file `lock`), so a process that was killed
 * holds nothing. The process id beside it is information for people.
 *
 * @throws PipelineError DATA_DIRECTORY_IN_USE, naming the process that holds it.
 */
export function holdDirectory(directory: string): HeldDirectory {
  mkdirSync(directory, { recursive: true })
  const database = new Database(join(directory, 'lock'), { timeout: 0 })
  const holder = join(directory, 'pid')
  try {
    database.pragma('locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause
    throw new PipelineError('DATA_DIRECTORY_IN_USE', `${directory} is held by ${readHolder(holder)}`, { cause })
  }
  writeFileSync(holder, `${process.pid}\n`)
  return { release: () => database.close() }
}

function readHolder(file: string): string {
  try {
    return `process ${readFileSync(file, 'utf8').trim()}`
  } catch {
    return 'another process'
  }
}
