// Deletes everything that a store holds, for whoever begins anew.
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * Deletes the store at `url`, an address as `openStore` takes it; nobody may have it open. A file goes with what lies
 * beside it; of a Postgres database the one schema goes, and only where its tables are ours. What is not there is fine.
 *
 * @throws PipelineError STORE_URL_INVALID when the schema is another program's; STORE_UNAVAILABLE, STORE_READ_ONLY
 */
export async function clearStore(url: string): Promise<void> {
  if (/^postgres(ql)?:/.test(url)) {
    const { clearPostgresStore } = await import('./postgres/clear.ts')
    return clearPostgresStore(url)
  }
  const path = /^sqlite:([^?]+)/.exec(url)?.[1]
  if (!path || path === ':memory:') return
  for (const end of ['', '-wal', '-shm']) rmSync(`${resolve(path)}${end}`, { force: true })
}
