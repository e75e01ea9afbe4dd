// What one partition remembers of its idempotent producers, and which of their transactions are unfinished here.
import type { BatchHeader } from '../log/batch.ts'
import { judge, type ProducerEntry, remember, type SequenceVerdict } from './sequence.ts'

/** Kafka forgets producers after a day (producer.id.expiration.ms); a count bounds memory whatever the clock says. */
const producersMax = 10_000

/** What a transaction left in the partition: readers of committed records pass over an aborted one. */
export interface EndedTransaction {
  producerId: number
  /** Null when it wrote nothing here. */
  firstOffset: number | null
}

export class ProducerTable {
  /** In order of last use: the first is forgotten first. */
  private readonly entries = new Map<number, ProducerEntry>()
  /** First offset of each unfinished transaction by producer id, in the order of those offsets. */
  private readonly open = new Map<number, number>()

  judge(header: BatchHeader): SequenceVerdict {
    return header.producerId < 0 ? { kind: 'append' } : judge(this.entries.get(header.producerId), header)
  }

  /** Takes note of a batch that the log holds; returns the transaction that a marker ends. */
  wrote(header: BatchHeader): EndedTransaction | null {
    const { producerId } = header
    if (producerId < 0) return null
    const firstOffset = this.open.get(producerId) ?? null
    this.set(producerId, remember(this.entries.get(producerId), header))
    return header.isControl ? { producerId, firstOffset } : null
  }

  /** Takes up entries as `all` gave them: in order of last use, which is not the order of their open transactions. */
  restore(kept: Iterable<readonly [producerId: number, entry: ProducerEntry]>): void {
    for (const [producerId, entry] of kept) this.set(producerId, entry)
    const inOrder = [...this.open].sort(([, a], [, b]) => a - b)
    this.open.clear()
    for (const [producerId, firstOffset] of inOrder) this.open.set(producerId, firstOffset)
  }

  private set(producerId: number, entry: ProducerEntry): void {
    this.entries.delete(producerId)
    this.entries.set(producerId, entry)
    if (entry.openSince === null) this.open.delete(producerId)
    else this.open.set(producerId, entry.openSince)
    if (this.entries.size > producersMax) this.forgetOldest()
  }

  all(): IterableIterator<[producerId: number, entry: ProducerEntry]> {
    return this.entries.entries()
  }

  /** First offset of the oldest unfinished transaction, or null when there is none. */
  get firstOpenOffset(): number | null {
    const { value } = this.open.values().next()
    return value ?? null
  }

  isOpen(producerId: number): boolean {
    return this.open.has(producerId)
  }

  epochOf(producerId: number): number | undefined {
    return this.entries.get(producerId)?.epoch
  }

  /** One in an unfinished transaction is kept: forgetting it would show its records as committed. */
  private forgetOldest(): void {
    for (const [producerId, { openSince }] of this.entries) {
      if (openSince !== null) continue
      this.entries.delete(producerId)
      return
    }
  }
}
