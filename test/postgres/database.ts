// A schema for each test, a store in it, and a connection beside the store's back.
import pg from 'pg'
import { afterEach, inject } from 'vitest'
import { type OpenStoreOptions, openStore } from '../../functions/store/open.ts'
import type { Store } from '../../functions/store/store.ts'

let count = 0
const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  // The last opened first; what a test has closed or broken already is no matter.
  for (const close of closers.splice(0).reverse()) await close().catch(() => {})
})

/** The address of a store that does not exist yet. */
export function freshUrl(): string {
  return `${inject('postgresUrl')}?schema=test_${process.pid}_${count++}`
}

export const schemaOf = (url: string) => new URL(url).searchParams.get('schema') as string

/** Closed after the test. */
export async function storeAt(url: string, options?: OpenStoreOptions): Promise<Store> {
  const store = await openStore(url, options)
  closers.push(store.close)
  return store
}

/** A connection among the store's tables; ended after the test. */
export async function connectionAt(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  client.on('error', () => {})
  await client.connect()
  closers.push(() => client.end())
  await client.query(`SET search_path TO ${schemaOf(url)}`)
  return client
}

/** Waits until so many of the schema's users wait for a lock. */
export async function waiting(client: pg.Client, count: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'freshet'`,
    )
    if (rows[0].count >= count) return
  }
}
