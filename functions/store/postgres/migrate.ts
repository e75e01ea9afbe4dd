// Brings the schema up to date, one numbered `.sql` file after the other.
import { PipelineError } from '../../errors.ts'
import type { Database, Session, Statement } from './database.ts'
import first from './migrations/001-first.sql'
import redrives from './migrations/002-redrives.sql'
import abandonment from './migrations/003-abandonment.sql'
import places from './migrations/004-places.sql'
import generations from './migrations/005-generations.sql'
import usableFrom from './migrations/006-usable-from.sql'

/** In the order of their numbers; a released one never changes. */
const migrations = [first, redrives, abandonment, places, generations, usableFrom]

/** The same number everywhere: "FRSH". */
const lockId = 0x46525348

const tablesOf: Statement = {
  name: 'tables-of',
  text: `SELECT count(*) AS tables, count(*) FILTER (WHERE relname = 'schema_version') AS ours
    FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)`,
}
/** `usable_from` came with the sixth migration. */
const knownVersion: Statement = { name: 'schema-version', text: 'SELECT * FROM schema_version' }

/**
 * Applies what the schema still lacks in one transaction: Postgres takes back even a CREATE TABLE, so a migration that
 * fails half way leaves the schema as it was. A newer schema stays as it is, and is used as long as it says that this
 * program can: a deploy expands the schema first, and what nobody needs any more goes with a later one.
 *
 * @throws PipelineError STORE_NEWER when a newer Freshet wrote it for newer programs alone, STORE_URL_INVALID when another program did or when
 *   the database's encoding loses characters
 */
export async function migrate(database: Database, schema: string, steps: string[] = migrations): Promise<void> {
  if ((await versionOf(database, { schema, name: database.name, newest: steps.length })) >= steps.length) return
  await database.transaction(async (session) => {
    const run = (text: string) => session.rows({ name: '', text }, [])
    // A reader's connections refuse writes by default; the schema is made all the same.
    await run('SET TRANSACTION READ WRITE')
    await run('SET LOCAL statement_timeout = 0')
    await run('SET LOCAL lock_timeout = 0')
    // Whoever comes second waits here, and finds the work done.
    await run(`SELECT pg_advisory_xact_lock(${lockId})`)
    await refuseEncoding(session, database.name)
    const version = await versionOf(session, { schema, name: database.name, newest: steps.length })
    if (version >= steps.length) return
    if (version === 0) {
      await run(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
      await run('CREATE TABLE schema_version (version integer NOT NULL); INSERT INTO schema_version VALUES (0)')
    }
    for (const step of steps.slice(version)) await run(step)
    await run(`UPDATE schema_version SET version = ${steps.length}`)
  })
}

interface Expected {
  schema: string
  name: string
  newest: number
}

async function versionOf(asked: Pick<Session, 'rows'>, { schema, name, newest }: Expected): Promise<number> {
  const [found] = await asked.rows<{ tables: number; ours: number }>(tablesOf, [schema])
  if (!found?.tables) return 0
  if (!found.ours) throw new PipelineError('STORE_URL_INVALID', `${name}: schema ${schema} is another program's`)
  const [row] = await asked.rows<{ version: number; usable_from?: number }>(knownVersion, [])
  const version = row?.version ?? 0
  if (version > newest && (row?.usable_from ?? version) > newest) {
    throw new PipelineError('STORE_NEWER', `${name} has schema version ${version}, this program knows ${newest}`)
  }
  return version
}

async function refuseEncoding(session: Session, name: string): Promise<void> {
  const text = `SELECT current_setting('server_encoding') AS encoding`
  const [row] = await session.rows<{ encoding: string }>({ name: '', text }, [])
  if (row?.encoding === 'UTF8') return
  throw new PipelineError('STORE_URL_INVALID', `${name} is encoded in ${row?.encoding}, which cannot hold all text`, {
    hint: 'Make a database for it: createdb -E UTF8 -T template0 NAME.',
  })
}
