// Writes one batch: events, dead letters, rollups and the account in one transaction.
import type { Database, Statement } from 'better-sqlite3'
import { type Memory, settle } from '../settle.ts'
import type { Batch, BatchResult, Outcome } from '../store.ts'
import { attemptKeeper } from './attempts.ts'
import { deadLetterIds } from './dead-letter-ids.ts'
import { groupOf, groupStatements } from './groups.ts'
import type { EventIds, IdPlace } from './ids.ts'
import { inTurn } from './in-turn.ts'
import { Ledger, type LedgerOptions, type LedgerStatements, ledgerStatements, sourceIdOf } from './ledger.ts'
import { placeMarker } from './place-marks.ts'
import { rebuildKeeper } from './rebuild-keeper.ts'
import { arrivalCounter, rollupWriter } from './rollups.ts'

export interface BatchWriterOptions {
  clock: () => number
  ids: EventIds
}

/**
 * Prepares the writing of batches.
 *
 * But for filters that decide nothing, nothing is kept in memory from one transaction to the next: one that rolls back
 * leaves no trace, and other processes may write in between.
 */
export function batchWriter(
  db: Database,
  { clock, ids }: BatchWriterOptions,
): (batch: Batch, effect?: BatchEffect) => BatchResult {
  const rows = rowStatements(db)
  const groups = groupStatements(db)
  const ledgerRows = ledgerStatements(db)
  const deadLetters = deadLetterIds(db)
  const attempts = attemptKeeper(db)
  const startRollups = rollupWriter(db)
  const countArrival = arrivalCounter(db)
  const rebuild = rebuildKeeper(db)
  const startMarks = placeMarker(db)

  function write(batch: Batch, effect?: BatchEffect): BatchResult {
    const group = groupOf(groups, batch.group)
    const arrivedMs = clock()
    const ledgers = new LedgerSet(ledgerRows, group.id, batch)
    const rollups = startRollups()
    const marks = startMarks()
    const result: BatchResult = { stored: 0, duplicates: 0, noise: 0, deadLetters: 0, redelivered: 0 }
    const stored: StoredOutcome[] = []
    let seq = group.seq
    // One object for the whole batch: `sourceId` says whose record is being settled.
    let sourceId = 0
    const memory: Memory = {
      claimId: (id, contentHash) => ids.claim(group.id, id, contentHash),
      claimDeadLetter: (record, known) => deadLetters.claim(sourceId, record, known ?? seq + 1),
      knowsDeadLetter: (record) => deadLetters.knows(sourceId, record),
      attemptOf: ({ token }) => (token === undefined ? null : attempts.find(group.id, token)),
    }
    let rowsPutAside = 0
    ids.begin()
    for (const outcome of batch.outcomes) {
      const { record } = outcome
      const ledger = ledgers.of(record.topic, record.partition)
      sourceId = ledger.sourceId
      const accounted = ledger.has(record.offset)
      const { counter, rejection, attempt } = settle(outcome, accounted, memory)
      if (accounted && counter !== 'redelivered') ledger.openEpoch()
      ledger.count(record.offset, counter)
      result[counter]++
      if (attempt) {
        const place = { groupId: group.id, accountId: ledger.accountId, sourceId }
        attempts.settle({ ...place, record, nowMs: arrivedMs, attempt, rejection })
      }
      if (counter === 'stored' && outcome.kind === 'event') {
        stored.push(outcome)
        if (batch.keepsNoEvents) continue
        addEvent(rows.event, { groupId: group.id, seq: ++seq, accountId: ledger.accountId, arrivedMs }, outcome)
        marks.note(ledger.accountId, record.offset, seq)
        rollups.add(outcome.event)
      } else if (rejection && !attempt) {
        const { code, reason } = rejection
        const { offset, timestamp, key, value } = record
        rowsPutAside++
        rows.deadLetter.run(group.id, ++seq, ledger.accountId, offset, timestamp, arrivedMs, code, reason, key, value)
        if (outcome.kind === 'event') ids.conflict(group.id, outcome.event.event_id, seq)
      }
    }
    ids.end(ledgers.storedUpTo())
    ledgers.close()
    rollups.write(group.figuresId)
    if (group.nextFiguresId !== null)
      rebuild.addNew(
        group.nextFiguresId,
        stored.map(({ event }) => event),
      )
    countArrival(group.id, { ms: arrivedMs, events: result.stored, deadLetters: rowsPutAside })
    marks.write(group.id)
    if (seq !== group.seq) groups.setSeq.run(seq, group.id)
    if (batch.isFiltered) groups.setFiltered.run(group.id)
    effect?.({ groupId: group.id, stored })
    return result
  }

  const transaction = inTurn(db, write)
  // IMMEDIATE takes the write lock at once; a transaction that reads first would fail where another wrote in between.
  return (batch, effect) => transaction(batch, effect)
}

/** What a group's own state makes of the events that are new to it, in the transaction that stores them. */
export type BatchEffect = (written: { groupId: number; stored: StoredOutcome[] }) => void

interface RowStatements {
  event: Statement
  deadLetter: Statement
}

function rowStatements(db: Database): RowStatements {
  return {
    event: db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    deadLetter:
      db.prepare(`INSERT INTO dead_letter (group_id, seq, account_id, record_offset, record_ms, arrived_ms, code,
      reason, key, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
  }
}

export type StoredOutcome = Extract<Outcome, { kind: 'event' }>

/** In the order of the table's columns. */
function addEvent(
  statement: Statement,
  place: { groupId: number; seq: number; accountId: number; arrivedMs: number },
  { event, record }: StoredOutcome,
): void {
  statement.run(
    place.groupId,
    place.seq,
    place.accountId,
    record.offset,
    record.timestamp,
    place.arrivedMs,
    event.event_ms,
    event.event_id,
    event.event_type,
    event.user_id,
    event.product_id,
    event.amount,
    event.amount_cents,
    event.amount_bucket,
    event.is_revenue_event ? 1 : 0,
    event.region,
    event.timestamp,
    event.extra === null ? null : JSON.stringify(event.extra),
  )
}

/** The ledgers of one transaction, one for each partition that the batch touches. */
class LedgerSet {
  readonly #ledgers = new Map<string, Ledger>()
  readonly #statements: LedgerStatements
  readonly #groupId: number
  readonly #options: LedgerOptions
  #topic = ''
  #partition = -1
  #last: Ledger | undefined

  constructor(statements: LedgerStatements, groupId: number, options: LedgerOptions) {
    this.#statements = statements
    this.#groupId = groupId
    this.#options = options
  }

  of(topic: string, partition: number): Ledger {
    // Records come partition by partition, so the last one is nearly always the right one.
    if (this.#last && partition === this.#partition && topic === this.#topic) return this.#last
    this.#topic = topic
    this.#partition = partition
    const key = `${partition}/${topic}`
    this.#last =
      this.#ledgers.get(key) ??
      new Ledger(this.#statements, sourceIdOf(this.#statements, this.#groupId, topic, partition), this.#options)
    this.#ledgers.set(key, this.#last)
    return this.#last
  }

  /** The highest offset of each partition whose event was stored. */
  storedUpTo(): IdPlace[] {
    return [...this.#ledgers.values()]
      .map(({ sourceId, storedMax }) => ({ sourceId, offset: storedMax }))
      .filter(({ offset }) => offset >= 0)
  }

  close(): void {
    for (const ledger of this.#ledgers.values()) ledger.close()
  }
}
