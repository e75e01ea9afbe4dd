// One file of a partition's log: batches one after the other, and a sparse index of where they lie.
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import type { BatchHeader } from './batch.ts'

/** An index entry per this many bytes, as Kafka's index.interval.bytes. */
const indexIntervalBytes = 4096

/** Where a batch begins, and the newest time among it and everything before it in the segment. */
interface IndexEntry {
  baseOffset: number
  position: number
  maxTimestampBefore: number
}

/** Name of the file whose first batch may have `baseOffset`: 20 digits, so that names sort as offsets do. */
export const segmentFileName = (baseOffset: number): string => `${String(baseOffset).padStart(20, '0')}.log`

export class Segment {
  readonly file: string
  readonly baseOffset: number
  /** Bytes of whole batches; the file is never longer but in the middle of a write. */
  bytes = 0
  /** Offset after the last record. */
  nextOffset: number
  maxTimestamp = -1
  /** Offset of the batch that holds `maxTimestamp`. */
  maxTimestampBatch = -1
  private readonly index: IndexEntry[] = []
  private fd: number | null = null

  constructor(file: string, baseOffset: number) {
    this.file = file
    this.baseOffset = baseOffset
    this.nextOffset = baseOffset
  }

  private open(): number {
    this.fd ??= openReadWrite(this.file)
    return this.fd
  }

  /** Makes the file, empty. */
  create(): void {
    this.open()
  }

  /** Takes note of a batch that lies at the end of the file. */
  wrote(header: BatchHeader): void {
    const last = this.index.at(-1)
    if (last === undefined || this.bytes - last.position >= indexIntervalBytes) {
      this.index.push({ baseOffset: header.baseOffset, position: this.bytes, maxTimestampBefore: this.maxTimestamp })
    }
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
    const fd = this.open()
    try {
      for (let done = 0; done < batch.length; ) {
        done += writeSync(fd, batch, done, batch.length - done, this.bytes + done)
      }
    } catch (error) {
      ftruncateSync(fd, this.bytes)
      throw error
    }
    this.wrote(header)
  }

  /** Up to `bytesMax` bytes from `position`. */
  read(position: number, bytesMax: number): Buffer {
    const wanted = Math.min(bytesMax, this.bytes - position)
    const buffer = Buffer.allocUnsafeSlow(wanted)
    let done = 0
    while (done < wanted) {
      const count = readSync(this.open(), buffer, done, wanted - done, position + done)
      if (count === 0) break
      done += count
    }
    return buffer.subarray(0, done)
  }

  /** Position of a batch at or before the one that holds `offset`. */
  positionBefore(offset: number): number {
    return this.lastEntryWhere((entry) => entry.baseOffset <= offset)?.position ?? 0
  }

  /** Position at or before the first batch with a record at or after `timestamp`. */
  positionBeforeTime(timestamp: number): number {
    return this.lastEntryWhere((entry) => entry.maxTimestampBefore < timestamp)?.position ?? 0
  }

  /** The index is in order of offset and of the newest time before, so a binary search finds the last that holds. */
  private lastEntryWhere(holds: (entry: IndexEntry) => boolean): IndexEntry | undefined {
    let low = 0
    let high = this.index.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (holds(this.index[middle] as IndexEntry)) low = middle + 1
      else high = middle
    }
    return this.index[low - 1]
  }

  /** Cuts the file after its last whole batch. */
  truncateToWholeBatches(): void {
    ftruncateSync(this.open(), this.bytes)
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd)
    this.fd = null
  }

  remove(): void {
    this.close()
    unlinkSync(this.file)
  }
}

/** Opening never truncates; the mode that would create as well ('a+') ignores the position of a write. */
function openReadWrite(file: string): number {
  try {
    return openSync(file, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return openSync(file, 'wx+')
  }
}
