// Decides what one record counts as, from what the store remembers. Every adapter settles its batches by this.
import type { Rejection } from '../retail/rejection.ts'
import type { BatchResult, Outcome, SourceRecord } from './store.ts'

/** What an adapter remembers of a group, asked inside the transaction that writes the batch. */
export interface Memory {
  /** Remembers the id with this content, unless it is known already: then says whether its content is the same. */
  claimId(eventId: string, contentHash: Uint8Array): 'new' | 'same' | 'other'
  /** Remembers the record as put aside. False when it was known already. */
  claimDeadLetter(record: SourceRecord): boolean
  /** Whether exactly this record (place, timestamp and bytes) was put aside before. */
  knowsDeadLetter(record: SourceRecord): boolean
}

export interface Settlement {
  /** The counter that the record belongs to. */
  counter: keyof BatchResult
  /** Why it is put aside; with `deadLetters` only. */
  rejection?: Rejection
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
  if (outcome.kind === 'noise') return accounted ? redelivered : noise
  // Before the id is claimed: an event that was put aside for its future timestamp must not take its id on redelivery.
  if (accounted && memory.knowsDeadLetter(outcome.record)) return redelivered
  if (outcome.kind === 'dead-letter') return putAside(outcome.record, accounted, outcome, memory)
  const { event, contentHash, record } = outcome
  switch (memory.claimId(event.event_id, contentHash)) {
    case 'new':
      return stored
    case 'same':
      return accounted ? redelivered : duplicate
    case 'other':
      return putAside(record, accounted, idConflict(event.event_id), memory)
  }
}

/** A known one at a new offset of the account comes from a topic restored with its old records: a duplicate. */
function putAside(record: SourceRecord, accounted: boolean, { code, reason }: Rejection, memory: Memory): Settlement {
  if (memory.claimDeadLetter(record)) return { counter: 'deadLetters', rejection: { code, reason } }
  return accounted ? redelivered : duplicate
}

function idConflict(eventId: string): Rejection {
  return { code: 'ID_CONFLICT', reason: `event_id ${eventId} was stored before with other content` }
}
