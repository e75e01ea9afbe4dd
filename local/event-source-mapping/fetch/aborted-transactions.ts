// Tells which record batches are of transactions that were aborted, as Kafka's own consumer does (KIP-98; CompletedFetch.java).
import { type RecordBatch, readRecords } from './record-batch.ts'

/** A transaction that was aborted, as an answer to a fetch names it. */
export interface AbortedTransaction {
  producerId: bigint
  firstOffset: number
}

/** The key of a control record is its version and its type, of two bytes each. */
const typeAt = 2
const abortType = 0

export class AbortedTransactions {
  /** Kafka gives them in any order. */
  readonly #ahead: AbortedTransaction[]
  #aborting = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#ahead = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** To be called for each batch in turn, first of all. */
  reach(lastOffset: number): void {
    for (let next = this.#ahead[0]; next && next.firstOffset <= lastOffset; next = this.#ahead[0]) {
      this.#aborting.add(next.producerId)
      this.#ahead.shift()
    }
  }

  /** Takes note of a control batch: one that aborts is the end of its producer's transaction. */
  end(control: RecordBatch): void {
    const [marker] = readRecords(control, control.records, 0, 1)
    const key = marker?.key
    if (key && key.length >= typeAt + 2 && key.readInt16BE(typeAt) === abortType) {
      this.#aborting.delete(control.producerId)
    }
  }

  areAborted({ isTransactional, producerId }: RecordBatch): boolean {
    return isTransactional && this.#aborting.has(producerId)
  }
}
