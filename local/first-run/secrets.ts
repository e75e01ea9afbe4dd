// The secrets of a stack of containers, as files in its volumes.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SecretFolders {
  /** Holds `api-token` and `pgpass`. */
  own: string
  /** Holds `password`. */
  database: string
  /** The store's. */
  user: string
}

/** Only their owner: libpq and `pg` do not read a password file that others may. */
const forOwner = 0o600
/** The database's server runs as a user of its own; the folder is mounted for it alone. */
const forReaders = 0o444

/**
 * Makes what is missing, each file in one piece, so that a run that was interrupted is carried on by the next.
 *
 * @returns the token, when it was made now; null when it was there
 */
export function makeSecrets({ own, database, user }: SecretFolders, random: () => string): { token: string } | null {
  for (const folder of [own, database]) mkdirSync(folder, { recursive: true })
  const password = keep(join(database, 'password'), random, forReaders)
  // Any host and database: the address names them. https://www.postgresql.org/docs/current/libpq-pgpass.html
  keep(join(own, 'pgpass'), () => `*:*:*:${user}:${password.text}\n`, forOwner)
  const token = keep(join(own, 'api-token'), random, forOwner)
  return token.isNew ? { token: token.text } : null
}

function keep(file: string, make: () => string, mode: number): { text: string; isNew: boolean } {
  if (existsSync(file)) return { text: readFileSync(file, 'utf8').trim(), isNew: false }
  const text = make()
  writeFileSync(`${file}.new`, text, { mode })
  renameSync(`${file}.new`, file)
  return { text, isNew: true }
}
