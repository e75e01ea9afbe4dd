// Removes the store's schema from its database.
import { PipelineError } from '../../errors.ts'
import { storeAddress } from './address.ts'
import { openDatabase } from './database.ts'

/** @throws PipelineError STORE_URL_INVALID when the schema is another program's; STORE_UNAVAILABLE, STORE_READ_ONLY */
export async function clearPostgresStore(url: string): Promise<void> {
  const address = storeAddress(url)
  const { schema, name } = address
  const database = openDatabase(address, { readOnly: false, busyMsMax: 5_000, connectionsMax: 1 })
  try {
    const [found] = await database.rows<{ tables: number; ours: number }>(
      {
        name: '',
        text: `SELECT count(*) AS tables, count(*) FILTER (WHERE relname = 'schema_version') AS ours
          FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)`,
      },
      [schema],
    )
    if (found?.tables && !found.ours) {
      throw new PipelineError('STORE_URL_INVALID', `${name}: schema ${schema} is another program's`)
    }
    // The name was checked when the address was read.
    await database.rows({ name: '', text: `DROP SCHEMA IF EXISTS ${schema} CASCADE` })
  } finally {
    await database.close()
  }
}
