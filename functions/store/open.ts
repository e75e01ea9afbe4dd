// Opens the store that a URL names.
import { resolve } from 'node:path'
import { PipelineError } from '../errors.ts'
import type { Store } from './store.ts'

export interface OpenStoreOptions {
  /** Refuses writes. Readers on their own thread use it. */
  readOnly?: boolean
  /** Milliseconds since 1970; the system's clock unless given. */
  clock?: () => number
  /** How long a write waits for another process's before it fails with STORE_BUSY; 5 s unless given. */
  busyMsMax?: number
}

/**
 * Opens the store at `url` and brings its schema up to date: `sqlite:/path/to/file.db`, `sqlite::memory:` for one that
 * lives as long as it is open, or `postgres://user:password@host:port/database`. A file may be followed by
 * `?synchronous=normal`: commits do not wait for the disk then, and a power cut may take the newest ones.
 *
 * @throws PipelineError STORE_URL_INVALID, and what the adapter's own opening throws
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const { readOnly = false, clock = Date.now, busyMsMax = 5_000 } = options
  // Each adapter is loaded when it is asked for: the cloud has no native module for SQLite, a laptop no use for `pg`.
  if (/^postgres(ql)?:/.test(url)) {
    const { openPostgresStore } = await import('./postgres/store.ts')
    return openPostgresStore(url, { readOnly, clock, busyMsMax })
  }
  const [, path, synchronous = 'full'] = /^sqlite:([^?]+)(?:\?synchronous=(full|normal))?$/.exec(url) ?? []
  // Only the scheme is repeated: what follows may hold a password.
  if (!path)
    throw new PipelineError('STORE_URL_INVALID', `no store is known for ${/^[\w+.-]*:?/.exec(url)?.[0] || 'it'}`)
  const { openSqliteStore } = await import('./sqlite/store.ts')
  return openSqliteStore(path === ':memory:' ? path : resolve(path), { readOnly, clock, busyMsMax, synchronous })
}
