// A bounded pool of connections to one Postgres schema, and transactions that wait for few answers.
import type { Duplex } from 'node:stream'
import pg from 'pg'
import { PipelineError } from '../../errors.ts'
import type { StoreAddress } from './address.ts'
import { watchAnswers } from './answer-watch.ts'
import { storeFailure } from './failure.ts'

/** SQL with `$1` parameters. Connections prepare it once, under its name. */
export interface Statement {
  name: string
  text: string
}

export type Value = string | number | boolean | null

export interface Session {
  /** Sends the statement and waits for its rows. Statements asked for together are answered in one round trip. */
  rows<Row>(statement: Statement, values: Value[]): Promise<Row[]>
  /** Sends the statement and waits for nothing: should it fail, the transaction does, at its end. */
  send(statement: Statement, values: Value[]): void
}

export interface Database {
  /** The address without its password. */
  readonly name: string
  /** One statement, which is a transaction of its own. */
  rows<Row>(statement: Statement, values?: Value[]): Promise<Row[]>
  /** All of `work` or nothing. BEGIN goes with its first statement and COMMIT with its last. */
  transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /** A connection of its own, for listening. */
  client(): pg.Client
  close(): Promise<void>
}

export interface DatabaseOptions {
  readOnly: boolean
  /** How long a write waits for another's lock before STORE_BUSY. */
  busyMsMax: number
  /** Connections open at once; 4 unless given. */
  connectionsMax?: number
  /** Takes the place of a TCP socket. */
  stream?: () => Duplex
}

/** A consumer uses one; an API answers that many reads at once, and the rest wait their turn. */
const connectionsDefault = 4
const connectMsMax = 4_000
const idleMsMax = 30_000
/** Far above what any statement of ours takes: it ends what is stuck. */
const statementMsMax = 30_000
/** Should all else fail. What is gone without a word is noticed long before: see answer-watch.ts. */
const answerMsMax = statementMsMax + 5_000
/** A connection that only listens asks nothing that takes its time. */
const listenMsMax = 2_000
/** A process that stands still in a transaction holds up its group: the server lets go of it. */
const stillMsMax = 10_000

export function openDatabase(address: StoreAddress, options: DatabaseOptions): Database {
  const { name } = address
  const config: pg.ClientConfig = {
    ...address.config,
    application_name: 'freshet',
    connectionTimeoutMillis: connectMsMax,
    query_timeout: answerMsMax,
    keepAlive: true,
    types: { getTypeParser: typeParser },
    ...(options.stream && { stream: options.stream }),
  }
  const pool = new pg.Pool({
    ...config,
    pipeline: true,
    max: options.connectionsMax ?? connectionsDefault,
    idleTimeoutMillis: idleMsMax,
    allowExitOnIdle: true,
    // The pool waits for the answer, and gives the connection up where it is an error.
    onConnect: (client) => client.query(sessionSettings(address.schema, options)),
  })
  // A connection that breaks while it is idle leaves the pool; who asks next gets another one.
  pool.on('error', () => {})
  // One that breaks while it is lent fails what it was asked; the driver would tell it once more, to nobody.
  pool.on('connect', (client) => client.on('error', () => {}))
  // A database inside the process cannot be gone without it.
  const watch = options.stream ? null : watchAnswers({ config })
  let closed = false

  async function connect(): Promise<pg.PoolClient> {
    if (closed) throw new PipelineError('STORE_UNAVAILABLE', `${name} was closed`)
    return await pool.connect().catch(fail)
  }

  function fail(error: unknown): never {
    throw storeFailure(error, name)
  }

  /** Sends at once: the driver pipelines what is not waited for. */
  function query<Row>(client: pg.ClientBase, statement: Statement, values: Value[]): Promise<Row[]> {
    const answer = client.query({ ...statement, values })
    return (watch ? watch.over(client, answer) : answer).then(({ rows }) => rows, fail)
  }

  async function transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const client = await connect()
    const sent: Promise<unknown>[] = []
    // Whatever fails after the first is told only that the transaction has failed.
    let firstFailure: unknown
    const watched = <Answer>(answer: Promise<Answer>): Promise<Answer> => {
      answer.catch((error) => {
        firstFailure ??= error
      })
      return answer
    }
    const ask = <Row>(statement: Statement, values: Value[]) => watched(query<Row>(client, statement, values))
    let broken = false
    try {
      sent.push(ask(begin, []))
      const result = await work({ rows: ask, send: (statement, values) => void sent.push(ask(statement, values)) })
      // Should a statement before it have failed, Postgres takes COMMIT for ROLLBACK.
      sent.push(ask(commit, []))
      await Promise.all(sent)
      return result
    } catch (error) {
      broken = await query(client, rollback, []).then(
        () => false,
        () => true,
      )
      throw firstFailure ?? error
    } finally {
      client.release(broken)
    }
  }

  return {
    name,
    async rows<Row>(statement: Statement, values: Value[] = []) {
      const client = await connect()
      let broken = false
      try {
        return await query<Row>(client, statement, values)
      } catch (error) {
        broken = error instanceof PipelineError && error.code === 'STORE_UNAVAILABLE'
        throw error
      } finally {
        client.release(broken)
      }
    },
    transaction,
    client: () => new pg.Client({ ...config, query_timeout: listenMsMax }),
    async close() {
      if (closed) return
      closed = true
      await pool.end()
      watch?.close()
    },
  }
}

const begin: Statement = { name: '', text: 'BEGIN ISOLATION LEVEL READ COMMITTED' }
const commit: Statement = { name: '', text: 'COMMIT' }
const rollback: Statement = { name: '', text: 'ROLLBACK' }

/** JIT compiles for longer than our statements run. */
function sessionSettings(schema: string, { readOnly, busyMsMax }: DatabaseOptions): string {
  return `
    SET search_path TO ${pg.escapeIdentifier(schema)};
    SET lock_timeout = ${busyMsMax};
    SET statement_timeout = ${statementMsMax};
    SET idle_in_transaction_session_timeout = ${stillMsMax};
    SET jit = off;
    SET default_transaction_read_only = ${readOnly ? 'on' : 'off'};
    -- Kafka's offset is committed right after: what is acknowledged must be on the disk.
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`
}

const bigint = 20
const bigintArray = 1016

/** All our whole numbers come from JavaScript's, so they fit. The driver would hand out text. */
function typeParser(oid: number, format?: 'text' | 'binary') {
  const parse = pg.types.getTypeParser(oid, format)
  if (oid === bigint) return Number
  if (oid === bigintArray) return (text: string) => (parse(text) as string[]).map(Number)
  return parse
}
