// Where batches lie in a segment, one entry for some kilobytes, packed into numbers: 24 bytes each.

/** An index entry per this many bytes, as Kafka's index.interval.bytes. */
const indexIntervalBytes = 4096

const fields = 3

export class SparseIndex {
  private values: Float64Array
  private entries = 0

  /** Takes up what `toBuffer` gave. */
  constructor(kept: Buffer = Buffer.alloc(0)) {
    // Copied: a Float64Array needs bytes that begin at a multiple of eight.
    this.values = new Float64Array(Uint8Array.from(kept).buffer)
    this.entries = this.values.length / fields
  }

  /** Notes a batch at `position`, unless another lies close before; `maxTimestampBefore` covers everything before it. */
  add(baseOffset: number, position: number, maxTimestampBefore: number): void {
    const from = this.entries * fields
    if (this.entries > 0 && position - (this.values[from - fields + 1] as number) < indexIntervalBytes) return
    if (from === this.values.length) {
      const grown = new Float64Array(Math.max(16 * fields, this.values.length * 2))
      grown.set(this.values)
      this.values = grown
    }
    this.values.set([baseOffset, position, maxTimestampBefore], from)
    this.entries++
  }

  /** Position of a batch at or before the one that holds `offset`. */
  positionBefore(offset: number): number {
    return this.lastPositionWhere((from) => (this.values[from] as number) <= offset)
  }

  /** Position at or before the first batch with a record at or after `timestamp`. */
  positionBeforeTime(timestamp: number): number {
    return this.lastPositionWhere((from) => (this.values[from + 2] as number) < timestamp)
  }

  /** Entries are in order of offset and of the newest time before, so a binary search finds the last that holds. */
  private lastPositionWhere(holds: (from: number) => boolean): number {
    let low = 0
    let high = this.entries
    while (low < high) {
      const middle = (low + high) >>> 1
      if (holds(middle * fields)) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : (this.values[(low - 1) * fields + 1] as number)
  }

  toBuffer(): Buffer {
    return Buffer.from(this.values.slice(0, this.entries * fields).buffer)
  }
}
