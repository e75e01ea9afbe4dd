// Turns what SQLite and the file system report into the errors of the table, with the file's name.
import { type ErrorCode, PipelineError } from '../../errors.ts'

/** By the beginning of SQLite's code, as extended ones add to it. https://www.sqlite.org/rescode.html */
const codes: [start: string, code: ErrorCode, what: string][] = [
  ['SQLITE_BUSY', 'STORE_BUSY', 'is locked by another process'],
  ['SQLITE_LOCKED', 'STORE_BUSY', 'is locked by another connection'],
  ['SQLITE_PROTOCOL', 'STORE_BUSY', 'is locked by another process'],
  ['SQLITE_FULL', 'STORE_FULL', 'cannot grow'],
  ['SQLITE_READONLY', 'STORE_READ_ONLY', 'cannot be written'],
  ['SQLITE_PERM', 'STORE_READ_ONLY', 'cannot be written'],
  ['SQLITE_CANTOPEN', 'STORE_READ_ONLY', 'cannot be opened as a file for writing'],
  ['SQLITE_CORRUPT', 'STORE_CORRUPT', 'is damaged'],
  ['SQLITE_NOTADB', 'STORE_CORRUPT', 'is not a SQLite database'],
  ['SQLITE_IOERR', 'STORE_UNAVAILABLE', 'cannot be read or written'],
  ['SQLITE_NOMEM', 'STORE_UNAVAILABLE', 'needs more memory than there is'],
  ['ENOSPC', 'STORE_FULL', 'cannot be made'],
  ['EDQUOT', 'STORE_FULL', 'cannot be made'],
  ['EACCES', 'STORE_READ_ONLY', 'cannot be made'],
  ['EPERM', 'STORE_READ_ONLY', 'cannot be made'],
  ['EROFS', 'STORE_READ_ONLY', 'cannot be made'],
  ['ENOTDIR', 'STORE_READ_ONLY', 'cannot be made'],
  ['EEXIST', 'STORE_READ_ONLY', 'cannot be made'],
]

/** The same failure as a PipelineError; anything else is a bug and comes back as it is. */
export function storeFailure(error: unknown, file: string): unknown {
  if (error instanceof PipelineError || !(error instanceof Error)) return error
  const reported = 'code' in error ? String(error.code) : ''
  const known = codes.find(([start]) => reported.startsWith(start))
  if (!known) return error
  const [, code, what] = known
  const hint = code === 'STORE_CORRUPT' ? corruptHint(file) : undefined
  return new PipelineError(code, `${file} ${what} (${reported})`, { cause: error, ...(hint && { hint }) })
}

/** Kafka still has the events, so a new file and a replay bring the store back. */
function corruptHint(file: string): string {
  return `Stop Freshet, run: mv '${file}' '${file}.damaged' && rm -f '${file}-wal' '${file}-shm' and start again; events are read anew from Kafka.`
}

export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}
