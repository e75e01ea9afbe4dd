// Decides what one record counts as, from what the store remembers. Every adapter settles its batches by this.
import type { Rejection } from '../events/rejection.ts'
import type { AttemptResult } from './redrives.ts'
import type { BatchResult, Outcome, SourceRecord } from './store.ts'

/** What an adapter remembers of a group, asked inside the transaction that writes the batch. */
export interface Memory {
  /** Remembers the id with this content, unless it is known already: then says whether its content is the same. */
  claimId(eventId: string, contentHash: Uint8Array): 'new' | 'same' | 'other'
  /** Remembers the record as put aside, for the dead letter `seq` or a new one. False when it was known already. */
  claimDeadLetter(record: SourceRecord, seq: number | undefined): boolean
  /** Whether exactly this record (place, timestamp and bytes) was put aside before. */
  knowsDeadLetter(record: SourceRecord): boolean
  /** The attempt that a record with a token was sent as, where the group has its dead letter. */
  attemptOf(record: SourceRecord): SentAttempt | null
}

/** An attempt at a dead letter whose record has come back. */
export interface SentAttempt {
  /** The attempt's row; null where another group redrove the record. */
  id: number | null
  /** The dead letter. */
  seq: number
  /** A copy of the record came back before. */
  isSettled: boolean
}

export interface Settlement {
  /** The counter that the record belongs to. */
  counter: keyof BatchResult
  /** Why it is put aside; with `deadLetters` only. */
  rejection?: Rejection
  /** What became of the attempt that the record was sent as. A rejected one belongs to that dead letter: no row of its own. */
  attempt?: { sent: SentAttempt; result: AttemptResult }
}

const stored: Settlement = { counter: 'stored' }
const duplicate: Settlement = { counter: 'duplicates' }
const noise: Settlement = { counter: 'noise' }
const redelivered: Settlement = { counter: 'redelivered' }

/**
 * Settles a record. `accounted` says that its offset is accounted for in the partition's newest epoch.
 *
 * An offset alone never drops a record: at an accounted offset only what is known counts as redelivered. What comes out
 * as stored or put aside there shows that the topic was made anew; the caller opens a new epoch with it.
 *
 * Our choice: a record that was put aside stays so, whatever the rules say of it when it is redelivered. The other way
 * round nothing is known of the record but its id, so an event or noise that later rules reject is put aside then, at
 * the price of a new epoch; it is not lost, and not counted twice as an event.
 */
export function settle(outcome: Outcome, accounted: boolean, memory: Memory): Settlement {
  const { record } = outcome
  // Before the id is claimed: an event that was put aside for its future timestamp must not take its id on redelivery.
  if (accounted && outcome.kind !== 'noise' && memory.knowsDeadLetter(record)) return redelivered
  const sent = record.token === undefined ? null : memory.attemptOf(record)
  if (outcome.kind === 'noise') return resolving(accounted ? redelivered : noise, sent, 'noise')
  if (outcome.kind === 'dead-letter') return putAside(record, accounted, outcome, { memory, sent })
  const { event, contentHash } = outcome
  switch (memory.claimId(event.event_id, contentHash)) {
    case 'new':
      return resolving(stored, sent, 'stored')
    case 'same':
      return resolving(accounted ? redelivered : duplicate, sent, 'duplicate')
    case 'other':
      return putAside(record, accounted, idConflict(event.event_id), { memory, sent })
  }
}

/** Whatever did not fail again resolves the dead letter that it was sent for. */
function resolving(settlement: Settlement, sent: SentAttempt | null, result: AttemptResult): Settlement {
  return sent && !sent.isSettled ? { ...settlement, attempt: { sent, result } } : settlement
}

/**
 * A known one at a new offset of the account comes from a topic restored with its old records, or is another copy of a
 * sent record: a duplicate.
 */
function putAside(
  record: SourceRecord,
  accounted: boolean,
  { code, reason }: Rejection,
  { memory, sent }: { memory: Memory; sent: SentAttempt | null },
): Settlement {
  const known = accounted ? redelivered : duplicate
  if (sent?.isSettled || !memory.claimDeadLetter(record, sent?.seq)) return known
  const settlement: Settlement = { counter: 'deadLetters', rejection: { code, reason } }
  return sent ? { ...settlement, attempt: { sent, result: 'failed' } } : settlement
}

function idConflict(eventId: string): Rejection {
  return { code: 'ID_CONFLICT', reason: `event_id ${eventId} was stored before with other content` }
}
