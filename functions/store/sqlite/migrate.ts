// Brings a file's schema up to date, one numbered `.sql` file after the other.
import type { Database } from 'better-sqlite3'
import { PipelineError } from '../../errors.ts'
import first from './migrations/001-first.sql'
import retention from './migrations/002-retention.sql'
import rollups from './migrations/003-rollups.sql'
import explanations from './migrations/004-explanations.sql'
import orphans from './migrations/005-orphans.sql'
import redrives from './migrations/006-redrives.sql'
import abandonment from './migrations/007-abandonment.sql'
import places from './migrations/008-places.sql'
import checkpoints from './migrations/009-checkpoints.sql'
import generations from './migrations/010-generations.sql'
import hourCounts from './migrations/011-hour-counts.sql'

/** In the order of their numbers; a released one never changes. */
const migrations = [
  first,
  retention,
  rollups,
  explanations,
  orphans,
  redrives,
  abandonment,
  places,
  checkpoints,
  generations,
  hourCounts,
]

/** "FRSH", so that another program's database is not taken for ours. https://www.sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x46525348

/**
 * Applies what the file still lacks, each migration in a transaction of its own.
 *
 * @throws PipelineError STORE_NEWER when a newer Freshet wrote the file, STORE_URL_INVALID when another program did
 */
export function migrate(db: Database, file: string): void {
  if (versionOf(db, file) === migrations.length) return
  db.transaction(() => {
    // Read again inside the lock: another process may have been faster.
    for (let version = versionOf(db, file); version < migrations.length; version++) {
      db.exec(migrations[version] as string)
      db.pragma(`user_version = ${version + 1}`)
    }
    db.pragma(`application_id = ${applicationId}`)
  }).immediate()
}

function versionOf(db: Database, file: string): number {
  const version = db.pragma('user_version', { simple: true }) as number
  if (db.pragma('application_id', { simple: true }) !== applicationId) {
    const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number
    if (tables > 0 || version > 0) throw new PipelineError('STORE_URL_INVALID', `${file} is another program's database`)
    return 0
  }
  if (version > migrations.length) {
    throw new PipelineError('STORE_NEWER', `${file} has schema ${version}, this version knows ${migrations.length}`)
  }
  return version
}
