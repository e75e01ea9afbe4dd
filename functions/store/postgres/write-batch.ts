// Writes one batch: events, dead letters, rollups and the account in one transaction of two round trips, seldom three.
import { type Memory, settle } from '../settle.ts'
import type { Batch, BatchResult } from '../store.ts'
import { recallAttempts, type SentAttempts, type SettledAttempt, writeAttempts } from './attempts.ts'
import { notifyCommit } from './commit-watch.ts'
import type { Database, Session } from './database.ts'
import { type DeadLetterIds, deadLetterIds, writeDeadLetterIds } from './dead-letter-ids.ts'
import { writePlaceMarks } from './place-marks.ts'
import { addNew } from './rebuild-keeper.ts'
import { type Recalled, recall } from './recall.ts'
import { writeArrival, writeRollups } from './rollups.ts'
import { writeAccount, writeFiltered, writeSeq } from './write-account.ts'
import {
  type Duplicate,
  type NewDeadLetter,
  type NewEvent,
  writeDeadLetters,
  writeEventIds,
  writeEvents,
  writeIdKeepers,
} from './write-rows.ts'

/**
 * Writes a batch. The group's row is locked first, so the batches of a group follow each other, whoever writes them:
 * each sees all that was written before it, none waits for another in a circle, and numbers are given in the order of
 * commits. All is read before and written after the settling, so a batch costs the same few round trips whatever its size.
 */
export function writeBatch(
  database: Database,
  batch: Batch,
  options: { clock: () => number; channel: string },
  effect?: BatchEffect,
): Promise<BatchResult> {
  return database.transaction(async (session) => {
    const recalled = await recall(session, batch)
    const [deadLetters, attempts] = await Promise.all([
      deadLetterIds(session, batch.outcomes, recalled),
      recallAttempts(session, batch.outcomes, recalled.groupId),
    ])
    const settled = settleAll(batch, recalled, { deadLetters, attempts })
    const { keepsNoEvents = false } = batch
    write(session, recalled, { ...settled, keepsNoEvents, identities: deadLetters, arrivedMs: options.clock() })
    if (recalled.nextFiguresId !== null && !keepsNoEvents) {
      await addNew(
        session,
        recalled.nextFiguresId,
        settled.events.map(({ event }) => event),
      )
    }
    if (batch.isFiltered) writeFiltered(session, recalled.groupId)
    await effect?.(session, { groupId: recalled.groupId, stored: settled.events })
    notifyCommit(session, options.channel)
    return settled.result
  })
}

/** What a group's own state makes of the events that are new to it, in the transaction that stores them. */
export type BatchEffect = (session: Session, written: { groupId: number; stored: NewEvent[] }) => Promise<void>

interface Settled {
  result: BatchResult
  /** New to the group, whether or not they leave a row. */
  events: NewEvent[]
  deadLetters: NewDeadLetter[]
  duplicates: Duplicate[]
  attempts: SettledAttempt[]
  /** The last number given. */
  seq: number
}

interface Known {
  deadLetters: DeadLetterIds
  attempts: SentAttempts
}

function settleAll(batch: Batch, recalled: Recalled, known: Known): Settled {
  const result: BatchResult = { stored: 0, duplicates: 0, noise: 0, deadLetters: 0, redelivered: 0 }
  const events: NewEvent[] = []
  const deadLetters: NewDeadLetter[] = []
  const duplicates: Duplicate[] = []
  const attempts: SettledAttempt[] = []
  let { seq } = recalled
  // One object for the whole batch: `sourceId` says whose record is being settled.
  let sourceId = 0
  const memory: Memory = {
    claimId: (id, contentHash) => claimId(recalled.hashes, id, contentHash),
    claimDeadLetter: (record, letter) => known.deadLetters.claim(sourceId, record, letter ?? seq + 1),
    knowsDeadLetter: (record) => known.deadLetters.knows(sourceId, record),
    attemptOf: ({ token = '' }) => known.attempts.get(token) ?? null,
  }
  for (const outcome of batch.outcomes) {
    const { record } = outcome
    const ledger = recalled.ledgerOf(record)
    sourceId = ledger.sourceId
    const accounted = ledger.has(record.offset)
    const { counter, rejection, attempt } = settle(outcome, accounted, memory)
    if (accounted && counter !== 'redelivered') ledger.openEpoch()
    ledger.count(record.offset, counter)
    result[counter]++
    const { epoch } = ledger
    if (attempt) {
      // Another copy of the record may follow in this very batch.
      attempt.sent.isSettled = true
      attempts.push({ token: record.token ?? '', sourceId, epoch, record, attempt, rejection })
    }
    if (counter === 'stored' && outcome.kind === 'event') {
      const { event, contentHash } = outcome
      if (!batch.keepsNoEvents) seq++
      events.push({ seq, sourceId, epoch, record, event, contentHash })
    } else if (rejection && !attempt) {
      const conflictId = outcome.kind === 'event' ? outcome.event.event_id : null
      deadLetters.push({ seq: ++seq, sourceId, epoch, record, rejection, conflictId })
    } else if (counter === 'duplicates' && outcome.kind === 'event') {
      duplicates.push({ eventId: outcome.event.event_id, sourceId, offset: record.offset })
    }
  }
  return { result, events, deadLetters, duplicates, attempts, seq }
}

function claimId(hashes: Map<string, Uint8Array>, id: string, contentHash: Uint8Array): 'new' | 'same' | 'other' {
  const known = hashes.get(id)
  if (known) return Buffer.compare(known, contentHash) === 0 ? 'same' : 'other'
  hashes.set(id, contentHash)
  return 'new'
}

type Written = Settled & { keepsNoEvents: boolean; identities: DeadLetterIds; arrivedMs: number }

function write(session: Session, recalled: Recalled, written: Written): void {
  const { groupId, figuresId, ledgers, sketches, seq: seqBefore } = recalled
  const { events, deadLetters, attempts, identities, arrivedMs, seq } = written
  const shared = { groupId, arrivedMs }
  const rows = written.keepsNoEvents ? [] : events
  if (rows.length > 0) writeEvents(session, shared, rows)
  if (rows.length > 0) writePlaceMarks(session, groupId, rows)
  if (events.length > 0) writeEventIds(session, shared, events)
  if (deadLetters.length > 0) writeDeadLetters(session, shared, deadLetters)
  if (identities.claimed.length > 0) writeDeadLetterIds(session, identities.claimed)
  writeIdKeepers(session, shared, written)
  const gains = ledgers.flatMap((ledger) => ledger.gains())
  if (gains.length > 0) writeAccount(session, gains)
  writeAttempts(session, groupId, arrivedMs, attempts)
  const arrival = { ms: arrivedMs, events: events.length, deadLetters: deadLetters.length }
  writeArrival(session, groupId, arrival)
  if (rows.length > 0)
    writeRollups(
      session,
      figuresId,
      sketches,
      rows.map(({ event }) => event),
    )
  if (seq !== seqBefore) writeSeq(session, groupId, seq)
}
