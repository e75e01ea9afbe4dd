// Postgres inside this process, spoken to by the real driver: its socket is replaced, nothing else.
import { Duplex } from 'node:stream'
import { PGlite } from '@electric-sql/pglite'

export interface InProcessPostgres {
  /** For the driver's `stream` option. All streams share one session, as PGlite has only one. */
  stream(): Duplex
  /** Runs SQL among the store's tables. */
  exec(sql: string): Promise<void>
  /** Makes the store as good as new for the next one that is opened. To make the tables anew takes ten times as long. */
  reset(): Promise<void>
  close(): Promise<void>
}

export async function startInProcessPostgres(): Promise<InProcessPostgres> {
  const db = await PGlite.create()
  const open = new Set<PGliteStream>()

  async function answer(request: Buffer, asking: PGliteStream): Promise<void> {
    const bytes = await db.execProtocolRaw(request)
    for (const message of messagesOf(Buffer.from(bytes))) {
      // The session is everybody's, so whoever listens may have opened any of the streams.
      if (message[0] === notification) for (const stream of open) stream.push(message)
      else asking.push(message)
    }
  }

  return {
    stream: () => new PGliteStream(answer, open),
    exec: async (sql) => void (await db.exec(`SET search_path TO freshet; ${sql}`)),
    async reset() {
      // What the last store prepared in the session that all share.
      await db.exec('DISCARD ALL')
      await db.exec(emptyTables)
    },
    close: () => db.close(),
  }
}

const emptyTables = `DO $$ DECLARE tables text; BEGIN
  SELECT string_agg(format('freshet.%I', relname), ', ') INTO tables FROM pg_class
    WHERE relkind = 'r' AND relname <> 'schema_version' AND relnamespace = to_regnamespace('freshet');
  IF tables IS NULL THEN RETURN; END IF;
  EXECUTE 'TRUNCATE ' || tables;
  INSERT INTO freshet.sweep (id) VALUES (1);
END $$`

const notification = 'A'.charCodeAt(0)

/** What ends a request: Query, Sync. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const requestEnds = new Set(['Q', 'S'].map((type) => type.charCodeAt(0)))
const terminate = 'X'.charCodeAt(0)

/** Looks like a socket to the driver. */
class PGliteStream extends Duplex {
  readonly #answer: (request: Buffer, asking: PGliteStream) => Promise<void>
  readonly #open: Set<PGliteStream>
  /** Not yet a whole message. */
  #received = Buffer.alloc(0)
  /** Whole messages of a request that goes on. */
  #request: Buffer[] = []
  #started = false

  constructor(answer: (request: Buffer, asking: PGliteStream) => Promise<void>, open: Set<PGliteStream>) {
    super()
    this.#answer = answer
    this.#open = open
  }

  connect(): this {
    this.#open.add(this)
    queueMicrotask(() => this.emit('connect'))
    return this
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  ref(): void {}
  unref(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: (error?: Error | null) => void): void {
    this.#received = Buffer.concat([this.#received, chunk])
    this.#handle().then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#open.delete(this)
    done(error)
  }

  async #handle(): Promise<void> {
    for (let message = this.#next(); message; message = this.#next()) {
      const type = this.#started ? message[0] : undefined
      this.#started = true
      if (type === terminate) {
        this.push(null)
        return
      }
      this.#request.push(message)
      // A request is handed over whole, so that no other stream's comes between its messages.
      if (type !== undefined && !requestEnds.has(type)) continue
      const request = Buffer.concat(this.#request)
      this.#request = []
      await this.#answer(request, this)
    }
  }

  /** Takes the next whole message; the first one has no type in front of its length. */
  #next(): Buffer | undefined {
    const typeBytes = this.#started ? 1 : 0
    if (this.#received.length < typeBytes + 4) return undefined
    const length = typeBytes + this.#received.readUInt32BE(typeBytes)
    if (this.#received.length < length) return undefined
    const message = this.#received.subarray(0, length)
    this.#received = this.#received.subarray(length)
    return message
  }
}

function* messagesOf(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + bytes.readUInt32BE(from + 1)
    yield bytes.subarray(from, to)
    from = to
  }
}
