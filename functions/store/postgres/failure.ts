// Turns what Postgres, its driver and the network report into the errors of the table, with the store's name.
import { type ErrorCode, PipelineError } from '../../errors.ts'

/** By the beginning of SQLSTATE, the more exact ones first. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const codes: [start: string, code: ErrorCode, what: string, hint?: string][] = [
  ['40', 'STORE_BUSY', 'rolled a transaction back that ran into another one'],
  ['55P03', 'STORE_BUSY', 'is locked by another transaction'],
  ['57014', 'STORE_BUSY', 'took too long to answer'],
  ['53100', 'STORE_FULL', 'has no room left on its disk'],
  [
    '53300',
    'STORE_UNAVAILABLE',
    'has no connection left',
    'Raise max_connections of the server, or use fewer clients.',
  ],
  ['53', 'STORE_UNAVAILABLE', 'is short of resources'],
  ['25006', 'STORE_READ_ONLY', 'takes no writes', 'The store was opened for reading, or the address is a replica’s.'],
  ['42501', 'STORE_READ_ONLY', 'refuses this user', 'Grant the user CREATE on the database, and its schema.'],
  ['25P03', 'STORE_UNAVAILABLE', 'ended a transaction that had stood still'],
  ['28', 'STORE_URL_INVALID', 'refuses this user or password', 'Check user and password of the address.'],
  ['3D000', 'STORE_URL_INVALID', 'does not exist', 'Make it: createdb -E UTF8 -T template0 NAME.'],
  ['08', 'STORE_UNAVAILABLE', 'lost the connection'],
  ['57P', 'STORE_UNAVAILABLE', 'is starting, stopping, or ended the connection'],
  ['58', 'STORE_UNAVAILABLE', 'cannot read or write its files'],
  [
    'XX001',
    'STORE_CORRUPT',
    'is damaged',
    'Restore the database, or name a new one and read the events anew from Kafka.',
  ],
  ['XX002', 'STORE_CORRUPT', 'has a damaged index', 'Run REINDEX DATABASE.'],
]

/**
 * What the driver threw as a PipelineError. A SQLSTATE that is not the world's fault is a bug and comes back as it is.
 *
 * @param name the store's address without its password
 */
export function storeFailure(error: unknown, name: string): unknown {
  if (error instanceof PipelineError || !(error instanceof Error)) return error
  const state = sqlStateOf(error)
  // The driver's own errors and the network's carry none: no answer came.
  if (state === null) {
    const reason = 'code' in error ? String(error.code) : error.message
    return new PipelineError('STORE_UNAVAILABLE', `${name} does not answer (${reason})`, { cause: error })
  }
  const known = codes.find(([start]) => state.startsWith(start))
  if (!known) return error
  const [, code, what, hint] = known
  return new PipelineError(code, `${name} ${what} (${state})`, { cause: error, ...(hint && { hint }) })
}

export function sqlStateOf(error: unknown): string | null {
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  // Only what the server said has a severity; ECONNRESET and its like have a code too.
  return severity !== undefined && typeof code === 'string' ? code : null
}
