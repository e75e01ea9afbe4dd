// One file of a partition's log: batches one after the other, and what is known of where they lie.
import type { ProducerTable } from '../producers/table.ts'
import type { Storage, StoredFile } from '../storage/storage.ts'
import type { AbortedTransaction } from './aborted.ts'
import type { BatchHeader } from './batch.ts'
import { readSeal, type Seal, sealedProducers, sealFileOf, writeSeal } from './seal.ts'
import { SparseIndex } from './sparse-index.ts'

/** Gives a buffer of so many bytes, filled with anything. */
export type TakeBuffer = (bytes: number) => Buffer

/** Name of the file whose first batch may have `baseOffset`: 20 digits, so that names sort as offsets do. */
export const segmentFileName = (baseOffset: number): string => `${String(baseOffset).padStart(20, '0')}.log`

export class Segment {
  readonly storage: Storage
  readonly file: string
  readonly baseOffset: number
  /** Bytes of whole batches; the file is never longer but in the middle of a write. */
  bytes = 0
  /** Offset after the last record. */
  nextOffset: number
  maxTimestamp = -1
  /** Offset of the batch that holds `maxTimestamp`. */
  maxTimestampBatch = -1
  /** Newest time in the first batch, from which segment.ms counts; -1 when empty. */
  firstTimestamp = -1
  /** Transactions whose abort marker lies here, in the order of their markers. */
  aborted: AbortedTransaction[] = []
  private index = new SparseIndex()
  /** Length at which the seal was written; -1 without one. */
  private sealedBytes = -1
  private stored: StoredFile | null = null
  /** Written to since it was last on the disk in full. */
  private dirty = false

  constructor(storage: Storage, file: string, baseOffset: number) {
    this.storage = storage
    this.file = file
    this.baseOffset = baseOffset
    this.nextOffset = baseOffset
  }

  private open(): StoredFile {
    this.stored ??= this.storage.open(this.file)
    return this.stored
  }

  /** Makes the file, empty. */
  create(): void {
    this.open()
  }

  /** Takes note of a batch that lies at the end of the file. */
  wrote(header: BatchHeader): void {
    this.index.add(header.baseOffset, this.bytes, this.maxTimestamp)
    if (this.bytes === 0) this.firstTimestamp = header.maxTimestamp
    this.bytes += header.bytes
    this.nextOffset = header.lastOffset + 1
    if (header.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = header.maxTimestamp
      this.maxTimestampBatch = header.baseOffset
    }
  }

  /**
   * Writes a batch at the end. When it returns, the bytes are in the operating system's page cache: they survive the
   * death of this process. A write that fails is undone, so that the file ends with a whole batch.
   */
  append(batch: Buffer, header: BatchHeader): void {
    const stored = this.open()
    try {
      stored.write(batch, this.bytes)
    } catch (error) {
      stored.truncate(this.bytes)
      throw error
    }
    this.dirty = true
    this.wrote(header)
  }

  /** Resolves when what has been written is on the disk. Rejects with the operating system's error. */
  async sync(): Promise<void> {
    if (!this.dirty || this.stored === null) return
    this.dirty = false
    try {
      await this.stored.sync()
    } catch (error) {
      this.dirty = true
      throw error
    }
  }

  /** Like `sync`, and waits. */
  syncNow(): void {
    if (!this.dirty || this.stored === null) return
    this.stored.syncNow()
    this.dirty = false
  }

  /** Up to `bytesMax` bytes from `position`, in a buffer that `take` gives. */
  read(position: number, bytesMax: number, take: TakeBuffer = Buffer.allocUnsafeSlow): Buffer {
    const buffer = take(Math.min(bytesMax, this.bytes - position))
    return buffer.subarray(0, this.open().read(buffer, position))
  }

  /** Position of a batch at or before the one that holds `offset`. */
  positionBefore(offset: number): number {
    return this.index.positionBefore(offset)
  }

  /** Position at or before the first batch with a record at or after `timestamp`. */
  positionBeforeTime(timestamp: number): number {
    return this.index.positionBeforeTime(timestamp)
  }

  /** Keeps what is known, `producers` too, so that the next start need not read the file so far. */
  seal(producers: ProducerTable): void {
    if (this.sealedBytes !== this.bytes) this.sealWith(sealedProducers(producers.all()))
  }

  sealWith(producers: Seal['producers']): void {
    const { bytes, nextOffset, firstTimestamp, maxTimestamp, maxTimestampBatch, aborted } = this
    const known = { bytes, nextOffset, firstTimestamp, maxTimestamp, maxTimestampBatch, aborted }
    writeSeal(this.storage, this.file, { ...known, index: this.index.toBuffer(), producers })
    this.sealedBytes = bytes
  }

  /** Bytes that a start after a kill would read. */
  get unsealedBytes(): number {
    return this.bytes - Math.max(0, this.sealedBytes)
  }

  /** Takes up what the seal knows; returns it, or null when there is none. */
  unseal(): Seal | null {
    const seal = readSeal(this.storage, this.file)
    if (seal === null) return null
    this.bytes = seal.bytes
    this.sealedBytes = seal.bytes
    this.nextOffset = seal.nextOffset
    this.firstTimestamp = seal.firstTimestamp
    this.maxTimestamp = seal.maxTimestamp
    this.maxTimestampBatch = seal.maxTimestampBatch
    this.aborted = seal.aborted
    this.index = new SparseIndex(seal.index)
    return seal
  }

  close(): void {
    this.stored?.close()
    this.stored = null
  }

  remove(): void {
    this.close()
    this.storage.remove(this.file)
    this.storage.remove(sealFileOf(this.file))
  }
}
