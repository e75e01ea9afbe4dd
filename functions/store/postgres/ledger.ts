// The account of one partition while a batch is settled, in memory: which offsets are accounted, and the counters.
import type { Batch, BatchResult } from '../store.ts'
import { type Range, type RangeChanges, RangeSet } from './ranges.ts'

/** What one epoch of a partition gained from a batch. */
export interface EpochGain extends RangeChanges {
  sourceId: number
  epoch: number
  counters: BatchResult
  /** Of those stored, the events that leave no row. */
  letGo: number
}

export type LedgerOptions = Pick<Batch, 'isFiltered' | 'keepsNoEvents'>

/**
 * The newest epoch of one partition's account. Where records come from a former epoch late, after a topic was made
 * anew, they are taken for the newest one's: nothing is lost or doubled, for ids decide that, but the account may then
 * show a hole between the two.
 */
export class Ledger {
  readonly sourceId: number
  #epoch: number
  #ranges: RangeSet
  #counters = zeroCounters()
  readonly #closed: EpochGain[] = []
  readonly #options: LedgerOptions

  /** `stored` are the epoch's ranges as far as the batch's offsets lie in them or touch them. */
  constructor(sourceId: number, epoch: number, stored: Range[], options: LedgerOptions = {}) {
    this.sourceId = sourceId
    this.#options = options
    this.#epoch = epoch
    this.#ranges = new RangeSet(stored)
  }

  get epoch(): number {
    return this.#epoch
  }

  has(offset: number): boolean {
    return this.#ranges.has(offset)
  }

  /** Counts a record; unless it is redelivered, its offset becomes accounted. */
  count(offset: number, counter: keyof BatchResult): void {
    this.#counters[counter]++
    if (counter !== 'redelivered' && this.#options.isFiltered) this.#passOver(offset)
    if (counter !== 'redelivered') this.#ranges.add(offset)
  }

  /** Closes this epoch and starts the next, which accounts for nothing yet. */
  openEpoch(): void {
    this.#close()
    this.#epoch++
    this.#ranges = new RangeSet([])
    this.#counters = zeroCounters()
  }

  /** What every epoch gained, in the order of epochs. */
  gains(): EpochGain[] {
    this.#close()
    return this.#closed
  }

  /** What the mapping's filter left out is accounted as noise, or every second offset would be a range of its own. */
  #passOver(offset: number): void {
    const { end } = this.#ranges
    if (end === 0 || offset <= end) return
    this.#counters.noise += offset - end
    this.#ranges.extend(offset)
  }

  #close(): void {
    this.#closed.push({
      sourceId: this.sourceId,
      epoch: this.#epoch,
      counters: this.#counters,
      letGo: this.#options.keepsNoEvents ? this.#counters.stored : 0,
      ...this.#ranges.changes(),
    })
  }
}

function zeroCounters(): BatchResult {
  return { stored: 0, duplicates: 0, noise: 0, deadLetters: 0, redelivered: 0 }
}
