// Every error a user can meet, as one table: the code, whether trying again can help, and what to do.

/** A code is stable: scripts, logs and `docs/errors.md` name it. `hint` is what the reader can do about it. */
export const errorTable = {
  STORE_BUSY: { retriable: true, hint: 'Another process holds the store. It is tried again by itself.' },
  STORE_FULL: { retriable: true, hint: 'The disk is full. Free some space; the batch is tried again by itself.' },
  STORE_READ_ONLY: {
    retriable: true,
    hint: 'The store cannot be written. Check the permissions of its file and folder.',
  },
  STORE_CORRUPT: {
    retriable: false,
    hint: 'Move the named file away and start again; events are read anew from Kafka.',
  },
  STORE_NEWER: {
    retriable: false,
    hint: 'This store was written by a newer Freshet. Use that version, or another --data folder.',
  },
  STORE_UNAVAILABLE: {
    retriable: true,
    hint: 'The store does not answer. Check that it runs and that its address is right.',
  },
  STORE_URL_INVALID: { retriable: false, hint: 'Expected sqlite:/path/to/file.db or postgres://user@host/database.' },
  KAFKA_UNAVAILABLE: {
    retriable: true,
    hint: 'No broker answers. Check KAFKA_BOOTSTRAP_SERVERS, and that the broker runs.',
  },
  CONFIG_INVALID: { retriable: false, hint: 'Check the named environment variable or option.' },
  LOG_CORRUPT: { retriable: false, hint: 'Move the named file away and start again.' },
  DATA_DIRECTORY_IN_USE: {
    retriable: false,
    hint: 'Stop the other Freshet, or choose another folder with --data DIR.',
  },
  KAFKA_PORT_TAKEN: {
    retriable: false,
    hint: 'Use that Kafka with --brokers, or choose another port with --kafka-port N.',
  },
  HANDLER_NOT_FOUND: { retriable: false, hint: 'Check the handler in infra/pipeline.ts: path/to/file.exportName.' },
  EVENT_FILE_INVALID: { retriable: false, hint: 'Expected a file with one JSON event.' },
} as const satisfies Record<string, { retriable: boolean; hint: string }>

export type ErrorCode = keyof typeof errorTable

export interface PipelineErrorOptions {
  /** What was underneath; kept for the log, never shown to a client of the API. */
  cause?: unknown
  /** Replaces the table's hint where this place knows better. */
  hint?: string
}

/**
 * An error that says what happened (`message`), which kind it is (`code`), what to do (`hint`), and whether trying
 * again can help (`retriable`).
 *
 * @example throw new PipelineError('STORE_BUSY', `${file} is locked`, { cause })
 */
export class PipelineError extends Error {
  override readonly name = 'PipelineError'
  readonly code: ErrorCode
  readonly hint: string
  readonly retriable: boolean

  constructor(code: ErrorCode, message: string, options: PipelineErrorOptions = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? errorTable[code].hint
    this.retriable = errorTable[code].retriable
  }
}
