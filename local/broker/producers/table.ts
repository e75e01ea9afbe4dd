// What one partition remembers of its idempotent producers; rebuilt from the log, never stored apart from it.
import type { BatchHeader } from '../log/batch.ts'
import { judge, type ProducerEntry, remember, type SequenceVerdict } from './sequence.ts'

/** Kafka forgets producers after a day (producer.id.expiration.ms); a count bounds memory whatever the clock says. */
const producersMax = 10_000

export class ProducerTable {
  /** In order of last use: the first is forgotten first. */
  private readonly entries = new Map<number, ProducerEntry>()

  judge(header: BatchHeader): SequenceVerdict {
    return header.producerId < 0 ? { kind: 'append' } : judge(this.entries.get(header.producerId), header)
  }

  /** Takes note of a batch that the log holds. */
  wrote(header: BatchHeader): void {
    const { producerId } = header
    if (producerId < 0) return
    const entry = remember(this.entries.get(producerId), header, header.baseOffset)
    this.entries.delete(producerId)
    this.entries.set(producerId, entry)
    if (this.entries.size > producersMax) this.entries.delete(this.entries.keys().next().value as number)
  }
}
