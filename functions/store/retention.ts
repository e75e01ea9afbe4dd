// What the store keeps and lets go: by age and size, and with its user.

/** What is kept, and for how long. */
export interface Retention {
  /** Events, by arrival, ms. */
  eventMsMax: number
  /** Dead letters, by arrival, ms: not shorter than the topic's own retention. */
  deadLetterMsMax: number
  /** Where the store holds more than this, the oldest events go whatever their age; null: without a limit. */
  bytesMax: number | null
}

/** What one call of `expire` let go. */
export interface Expired {
  events: number
  deadLetters: number
  /** Identities of events and dead letters that nothing can bring back. */
  ids: number
}

/** The trail of one erasure. It holds the user's number, and nothing else of theirs. */
export interface Erasure {
  id: number
  userId: number
  /** Who asked for it. */
  by: string
  requestedMs: number
  /** null: it was interrupted, and is carried on by `expire`. */
  finishedMs: number | null
  events: number
  deadLetters: number
}
