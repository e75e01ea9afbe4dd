// Dead letters as work: the part of the store's port that groups, redrives and discards them.
//
// A redrive is a row with one attempt for each of its dead letters. Whoever advances it gives attempts their token, publishes
// the records with it, and acknowledges them. The consumer's own transaction settles an attempt when its record comes
// back by the topic, so its result stands exactly when its event does.
import type { RejectionCode } from '../events/rejection.ts'
import type { StoredDeadLetter } from './store.ts'

/** One dead letter is not sent more often than this. */
export const attemptsMax = 5

/** Dead letters of one code. */
export interface DeadLetterGroup {
  code: RejectionCode
  /** Neither resolved nor discarded. */
  open: number
  resolved: number
  discarded: number
  /** The newest open one. */
  newest: { seq: number; reason: string; arrivedMs: number } | null
}

/** A sent record's result: what the consumer made of it. */
export type AttemptResult = 'stored' | 'duplicate' | 'noise' | 'failed'

export interface Attempt {
  /** From 1. */
  number: number
  /** null where another group redrove the record. */
  redriveId: number | null
  by: string | null
  issuedMs: number
  /** null until the consumer has met the record. */
  settledMs: number | null
  result: AttemptResult | null
  /** Why it failed again. */
  code: RejectionCode | null
  reason: string | null
}

/** What a plan has to know of a dead letter beside its row. */
export interface Candidate extends StoredDeadLetter {
  /** Its record was sent by a redrive that was not cancelled, and has not come back yet. */
  inFlight: boolean
}

export interface DeadLetterCase extends Candidate {
  settledMs: number | null
  settledBy: string | null
  /** The reason for discarding it. */
  settledWhy: string | null
  /** The oldest first. */
  trail: Attempt[]
}

/** Dead letters by their numbers, whatever their state, or all open ones of a code. */
export type Selection = { seqs: number[] } | { code: string }

export interface Redrive {
  id: number
  by: string
  requestedMs: number
  /** running: some are still to be sent; sent: not all have come back; finished: all have. */
  state: 'running' | 'sent' | 'finished' | 'cancelled'
  /** Which dead letters, in words. */
  selection: string
  perSecond: number
  records: number
  /** How many attempts stand where. They add up to `records`. */
  waiting: number
  /** Published, or about to be, and not come back yet. */
  inFlight: number
  stored: number
  duplicate: number
  noise: number
  failed: number
  /** Left out, since the dead letter was settled, erased or expired meanwhile. */
  gone: number
  cancelled: number
  /** When the last was sent, or it was cancelled. */
  finishedMs: number | null
  cancelledBy: string | null
  /** Why it does not go on at present. */
  trouble: string | null
}

export interface NewRedrive {
  group: string
  by: string
  selection: string
  perSecond: number
  /** `value` replaces the record's own. */
  items: { seq: number; value: Uint8Array | null }[]
}

/** What is to be published for one attempt. */
export interface IssuedAttempt {
  token: string
  number: number
  /** Where the dead letter lies. */
  topic: string
  partition: number
  offset: number
  key: Uint8Array | null
  value: Uint8Array | null
}

/** Who advances a redrive, and until when nobody else may. */
export interface Hold {
  holder: string
  /** ms */
  untilMs: number
}

export interface Redrives {
  /** The code with the most open ones first. */
  groups(query: { group: string }): Promise<DeadLetterGroup[]>
  one(query: { group: string; seq: number }): Promise<DeadLetterCase | null>
  /** Ascending by seq. A page may be shorter than asked where values are big; only an empty one is the end. */
  select(query: { group: string; selection: Selection; after: number; limit: number }): Promise<Candidate[]>
  /** How each id's content compares with what the group has stored. */
  compareIds(query: {
    group: string
    ids: { eventId: string; contentHash: Uint8Array }[]
  }): Promise<('new' | 'same' | 'other')[]>
  /** Discards those that are open and not in flight. Answers how many. */
  discard(query: { group: string; seqs: number[]; by: string; reason: string }): Promise<number>

  /**
   * Our choice: one redrive of a group is sent at a time, as SQS has it for its message moves.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
   *
   * @throws PipelineError REDRIVE_RUNNING
   */
  begin(redrive: NewRedrive): Promise<Redrive>
  find(query: { group: string; id: number }): Promise<Redrive | null>
  /** The newest first. */
  list(query: { group: string; limit: number }): Promise<Redrive[]>
  /** What was sent already comes back all the same. Answers null when there is no such redrive. */
  cancel(query: { group: string; id: number; by: string }): Promise<Redrive | null>

  /** The oldest running redrive of any group that nobody else holds; holding it again prolongs the hold. */
  take(hold: Hold): Promise<{ id: number; perSecond: number } | null>
  /**
   * What is to be published next: first what was issued and never acknowledged, with the tokens it has, then as many
   * more as there are `tokens`. Empty when there is nothing left. From here on their headers name issued attempts.
   */
  issue(query: { id: number; tokens: string[] }): Promise<IssuedAttempt[]>
  /** The broker has them. */
  acknowledge(query: { id: number; tokens: string[] }): Promise<void>
  /** Lets others go on with it, and says what is in the way (null: nothing). */
  release(query: { id: number; holder: string; trouble: string | null }): Promise<void>
}
