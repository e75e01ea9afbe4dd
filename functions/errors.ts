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
  KAFKA_REFUSED: {
    retriable: false,
    hint: 'The broker answered, and refused. Check that the topic exists and that this client may use it.',
  },
  SECRET_UNAVAILABLE: {
    retriable: true,
    hint: "Check that the secret exists, and that the function's role may read it.",
  },
  GROUP_IN_USE: {
    retriable: false,
    hint: "Stop the group's consumers first: Kafka moves the offsets of a group without members only.",
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
  ROUTE_UNKNOWN: { retriable: false, hint: 'See /api/openapi.json for the routes that there are.' },
  QUERY_INVALID: { retriable: false, hint: 'See /api/openapi.json for what the query may hold.' },
  BODY_INVALID: { retriable: false, hint: 'Send one JSON event, an array of them, or one a line (NDJSON).' },
  BODY_TOO_LARGE: { retriable: false, hint: 'Send at most 1,000 events and 1,000,000 bytes at a time.' },
  CONTENT_TYPE_REFUSED: { retriable: false, hint: 'Send content-type: application/json or application/x-ndjson.' },
  EVENTS_REFUSED: { retriable: false, hint: 'None of the events is valid; results say why for each.' },
  TOKEN_UNSET: {
    retriable: false,
    hint: 'Give a token with --token or API_TOKEN (16 characters or more), or listen on 127.0.0.1.',
  },
  TOKEN_REQUIRED: {
    retriable: false,
    hint: 'Send "Authorization: Bearer TOKEN" or "X-Freshet-Token: TOKEN", or sign in at /api/sign-in. The token was set where the server was started.',
  },
  RATE_LIMITED: { retriable: true, hint: 'Send less often, and many events in one request.' },
  DEAD_LETTER_UNKNOWN: {
    retriable: false,
    hint: 'It never was, or its time is over. GET /api/dead-letters lists them.',
  },
  REDRIVE_UNKNOWN: { retriable: false, hint: 'GET /api/redrives lists those that there are.' },
  REDRIVE_RUNNING: { retriable: false, hint: 'Wait until all of it was sent, or cancel it.' },
  REBUILD_GONE: { retriable: false, hint: 'Another rebuild was begun, or it was given up. Begin it anew.' },
  REBUILD_STUCK: {
    retriable: true,
    hint: 'Let its group and its timer run for a moment, and begin it anew.',
  },
  REDRIVE_REFUSED: { retriable: false, hint: 'None of the records may be sent again; the plan says why for each.' },
  HOST_REFUSED: {
    retriable: false,
    hint: 'Use the address that was printed at the start, or name this host in API_HOSTS.',
  },
  ORIGIN_REFUSED: { retriable: false, hint: 'Pages of other sites may not write here.' },
  LISTENERS_FULL: {
    retriable: true,
    hint: 'Too many live streams are open. Close some, or poll with Accept: application/json.',
  },
  INTERNAL: { retriable: false, hint: 'This is a bug; the log of the server holds what happened.' },
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
