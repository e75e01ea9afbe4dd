// Reads the address of a Postgres store.
import type { ClientConfig } from 'pg'
import { PipelineError } from '../../errors.ts'

export interface StoreAddress {
  /** For messages: without the password, and without parameters, which may hold one too. */
  name: string
  /** The database's schema that holds the tables. */
  schema: string
  config: ClientConfig
}

const schemaDefault = 'freshet'

/**
 * Reads `postgres://user:password@host:port/database?schema=name&sslmode=verify-full`. All tables lie in a schema of
 * their own, `freshet` unless named: other programs' tables stay apart, and DROP SCHEMA removes everything.
 *
 * @throws PipelineError STORE_URL_INVALID
 */
export function storeAddress(url: string): StoreAddress {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    // The driver's and Node's words would repeat the address, password and all.
    throw new PipelineError('STORE_URL_INVALID', 'the address after postgres: cannot be read')
  }
  const schema = parsed.searchParams.get('schema') ?? schemaDefault
  if (!/^[a-z_][a-z\d_]{0,50}$/.test(schema)) {
    throw new PipelineError('STORE_URL_INVALID', 'schema: expected a lower-case name of at most 51 characters')
  }
  parsed.searchParams.delete('schema')
  const user = parsed.username && `${parsed.username}@`
  return {
    name: `postgres://${user}${parsed.host}${parsed.pathname}`,
    schema,
    config: { connectionString: parsed.href },
  }
}
