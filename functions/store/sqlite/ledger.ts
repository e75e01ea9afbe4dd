// The account of one partition while a batch is written: which offsets are accounted, and its counters.
import type { Database, Statement } from 'better-sqlite3'
import type { Batch, BatchResult } from '../store.ts'

interface Range {
  from: number
  to: number
}

/** The statements that ledgers share, prepared once. */
export interface LedgerStatements {
  sourceOf: Statement<[number, string, number], number>
  addSource: Statement<[number, string, number]>
  newestAccount: Statement<[number], { id: number; epoch: number }>
  addAccount: Statement<[number, number]>
  addToCounters: Statement<[number, number, number, number, number, number]>
  letEventsGo: Statement<[number, number]>
  endOf: Statement<[number], number | null>
  rangeUpTo: Statement<[number, number], Range>
  rangeAfter: Statement<[number, number], Range>
  addRange: Statement<[number, number, number]>
  extendRange: Statement<[number, number, number]>
  removeRange: Statement<[number, number]>
}

export function ledgerStatements(db: Database): LedgerStatements {
  const range = 'SELECT from_offset AS "from", to_offset AS "to" FROM accounted_range WHERE account_id = ?'
  return {
    sourceOf: db
      .prepare<[number, string, number], number>(
        'SELECT id FROM source WHERE group_id = ? AND topic = ? AND partition = ?',
      )
      .pluck(),
    addSource: db.prepare('INSERT INTO source (group_id, topic, partition) VALUES (?, ?, ?)'),
    newestAccount: db.prepare('SELECT id, epoch FROM account WHERE source_id = ? ORDER BY epoch DESC LIMIT 1'),
    addAccount: db.prepare('INSERT INTO account (source_id, epoch) VALUES (?, ?)'),
    addToCounters: db.prepare(
      'UPDATE account SET stored = stored + ?, duplicates = duplicates + ?, noise = noise + ?, dead_letters = dead_letters + ?, redelivered = redelivered + ? WHERE id = ?',
    ),
    letEventsGo: db.prepare('UPDATE account SET expired_events = expired_events + ? WHERE id = ?'),
    endOf: db
      .prepare<[number], number | null>(
        'SELECT max(to_offset) FROM (SELECT to_offset FROM accounted_range WHERE account_id = ? ORDER BY from_offset DESC LIMIT 1)',
      )
      .pluck(),
    rangeUpTo: db.prepare(`${range} AND from_offset <= ? ORDER BY from_offset DESC LIMIT 1`),
    rangeAfter: db.prepare(`${range} AND from_offset > ? ORDER BY from_offset LIMIT 1`),
    addRange: db.prepare('INSERT INTO accounted_range VALUES (?, ?, ?)'),
    extendRange: db.prepare('UPDATE accounted_range SET to_offset = ? WHERE account_id = ? AND from_offset = ?'),
    removeRange: db.prepare('DELETE FROM accounted_range WHERE account_id = ? AND from_offset = ?'),
  }
}

export type LedgerOptions = Pick<Batch, 'isFiltered' | 'keepsNoEvents'>

/** The row that stands for a partition as a group reads it; made when it is new. */
export function sourceIdOf(statements: LedgerStatements, groupId: number, topic: string, partition: number): number {
  const known = statements.sourceOf.get(groupId, topic, partition)
  return known ?? Number(statements.addSource.run(groupId, topic, partition).lastInsertRowid)
}

/**
 * The newest epoch of one partition's account, inside one transaction.
 *
 * New offsets gather in a run that is written when it ends, and counters are written once, by `close`. Accounted offsets
 * are a set of ranges: a replay from below the start adds a range there, and ranges that meet become one. Where records
 * come from a former epoch late, after a topic was made anew, they are taken for the newest one's: nothing is lost or
 * doubled, for ids decide that, but the account may then show a hole between the two.
 */
export class Ledger {
  readonly sourceId: number
  readonly #statements: LedgerStatements
  #account: { id: number; epoch: number }
  /** Every offset from here on is unaccounted: the main path asks nothing more. */
  #end: number
  #run: Range = { from: -1, to: -1 }
  /** What the table said of the stretch around the last offset that was looked up. */
  #stretch: (Range & { accounted: boolean }) | null = null
  #counters: BatchResult = zeroCounters()
  #storedMax = -1
  readonly #options: LedgerOptions

  constructor(statements: LedgerStatements, sourceId: number, options: LedgerOptions = {}) {
    this.#statements = statements
    this.#options = options
    this.sourceId = sourceId
    this.#account = statements.newestAccount.get(sourceId) ?? this.#open(1)
    this.#end = statements.endOf.get(this.#account.id) ?? 0
  }

  get accountId(): number {
    return this.#account.id
  }

  /** The highest offset whose event was stored in this transaction; -1 when none was. */
  get storedMax(): number {
    return this.#storedMax
  }

  has(offset: number): boolean {
    if (offset >= this.#end) return false
    if (offset >= this.#run.from && offset < this.#run.to) return true
    if (!this.#stretch || offset < this.#stretch.from || offset >= this.#stretch.to)
      this.#stretch = this.#lookUp(offset)
    return this.#stretch.accounted
  }

  /** Counts a record; unless it is redelivered, its offset becomes accounted. */
  count(offset: number, counter: keyof BatchResult): void {
    this.#counters[counter]++
    if (counter === 'redelivered') return
    if (counter === 'stored' && offset > this.#storedMax) this.#storedMax = offset
    if (this.#options.isFiltered && this.#end > 0 && offset > this.#end) this.#passOver(offset)
    if (offset !== this.#run.to) {
      this.#writeRun()
      this.#run.from = offset
    }
    this.#run.to = offset + 1
    if (this.#end <= offset) this.#end = offset + 1
  }

  /** What the mapping's filter left out is accounted as noise, or every second offset would be a range of its own. */
  #passOver(offset: number): void {
    this.#counters.noise += offset - this.#end
    if (this.#run.to !== this.#end) {
      this.#writeRun()
      this.#run.from = this.#end
    }
    this.#run.to = offset
  }

  /** Closes this epoch and starts the next, which accounts for nothing yet. */
  openEpoch(): void {
    this.close()
    this.#account = this.#open(this.#account.epoch + 1)
    this.#end = 0
    this.#run = { from: -1, to: -1 }
    this.#stretch = null
  }

  close(): void {
    this.#writeRun()
    const { stored, duplicates, noise, deadLetters, redelivered } = this.#counters
    this.#statements.addToCounters.run(stored, duplicates, noise, deadLetters, redelivered, this.#account.id)
    if (this.#options.keepsNoEvents && stored > 0) this.#statements.letEventsGo.run(stored, this.#account.id)
    this.#counters = zeroCounters()
  }

  #open(epoch: number): { id: number; epoch: number } {
    return { id: Number(this.#statements.addAccount.run(this.sourceId, epoch).lastInsertRowid), epoch }
  }

  #lookUp(offset: number): Range & { accounted: boolean } {
    const left = this.#statements.rangeUpTo.get(this.#account.id, offset)
    if (left && offset < left.to) return { ...left, accounted: true }
    const right = this.#statements.rangeAfter.get(this.#account.id, offset)
    return { from: left?.to ?? 0, to: right?.from ?? Number.MAX_SAFE_INTEGER, accounted: false }
  }

  /** The run touches a range on either side, on both, or on none; it overlaps none, for `has` was asked first. */
  #writeRun(): void {
    const { from, to } = this.#run
    if (to <= from) return
    const { rangeUpTo, addRange, extendRange, removeRange } = this.#statements
    const id = this.#account.id
    const left = rangeUpTo.get(id, from)
    const right = rangeUpTo.get(id, to)
    const newTo = right?.from === to ? right.to : to
    if (newTo !== to) removeRange.run(id, to)
    if (left?.to === from) extendRange.run(newTo, id, left.from)
    else addRange.run(id, from, newTo)
    this.#run = { from: -1, to: -1 }
    this.#stretch = null
  }
}

function zeroCounters(): BatchResult {
  return { stored: 0, duplicates: 0, noise: 0, deadLetters: 0, redelivered: 0 }
}
