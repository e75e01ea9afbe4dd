// An append-only file of entries, each with its length and CRC: small state that must outlive the process is kept so.

import { PipelineError } from '../../../functions/errors.ts'
import type { Codec } from '../protocol/codec.ts'
import { Reader } from '../protocol/reader.ts'
import type { ReadOf, Struct, WriteOf } from '../protocol/schema.ts'
import { Writer } from '../protocol/writer.ts'
import type { Storage, StoredFile } from '../storage/storage.ts'
import { crc32c } from './crc32c.ts'

/** Where an entry file lies, and how it is kept. */
export interface EntryFilePlace {
  storage: Storage
  file: string
  /** Told when a torn tail was cut off. */
  say(line: string): void
  /** Wait for the disk with every entry. */
  fsync: boolean
}

export interface EntryFileOptions<S extends Struct> extends EntryFilePlace {
  codec: Codec<S>
  /** Takes an entry in: at the start each one of the file, later each one that was appended. */
  apply(entry: ReadOf<S>): void
  /** What is valid now, in as few entries as say it. */
  current(): WriteOf<S>[]
}

/** Length and CRC precede each entry. */
const prefixBytes = 8

/** The file is written anew when it is larger than this and four times what it was after the last time. */
const compactBytesMin = 4 * 1024 * 1024

export class EntryFile<S extends Struct> {
  private readonly options: EntryFileOptions<S>
  private stored: StoredFile
  private bytes = 0
  private compactedBytes = 0

  /**
   * Reads the file, cuts a torn tail off and says so, and writes it anew without what is out of date.
   *
   * @throws PipelineError LOG_CORRUPT when entries follow a damaged one
   */
  constructor(options: EntryFileOptions<S>) {
    this.options = options
    const { storage, file, say } = options
    const content = storage.content(file) ?? Buffer.alloc(0)
    const end = this.replay(content)
    if (end < content.length) {
      if (entryFollows(content, end)) throw new PipelineError('LOG_CORRUPT', `${file} is damaged at byte ${end}`)
      say(`${file}: cut ${content.length - end} bytes of an unfinished write off`)
    }
    this.stored = this.compact()
  }

  /**
   * Keeps an entry as a whole or not at all; it survives the death of this process when this returns.
   *
   * @throws the operating system's error (ENOSPC, EROFS, ...); nothing was kept or applied then
   */
  append(entry: ReadOf<S>): void {
    const encoded = this.encode(entry as WriteOf<S>)
    try {
      this.stored.write(encoded, this.bytes)
      if (this.options.fsync) this.stored.syncNow()
    } catch (error) {
      this.stored.truncate(this.bytes)
      throw error
    }
    this.bytes += encoded.length
    this.options.apply(entry)
    if (this.bytes > Math.max(compactBytesMin, 4 * this.compactedBytes)) this.compactOrGrow()
  }

  close(): void {
    this.stored.close()
  }

  /** Applies every whole entry; returns where they end. */
  private replay(content: Buffer): number {
    let from = 0
    for (;;) {
      const payload = payloadAt(content, from)
      if (payload === null) return from
      this.options.apply(this.options.codec.read(new Reader(payload)))
      from += prefixBytes + payload.length
    }
  }

  /** The entry is kept already, so a disk without room for the new file is no reason to fail: the old one grows on. */
  private compactOrGrow(): void {
    const old = this.stored
    try {
      this.stored = this.compact()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      this.compactedBytes = this.bytes
      return
    }
    old.close()
  }

  /** Replaces the file by one that holds only what is valid now, and opens it. */
  private compact(): StoredFile {
    const content = Buffer.concat(this.options.current().map((entry) => this.encode(entry)))
    const { storage, file } = this.options
    storage.replace(file, content, true)
    const stored = storage.open(file)
    this.bytes = content.length
    this.compactedBytes = content.length
    return stored
  }

  private encode(value: WriteOf<S>): Buffer {
    const writer = new Writer(256)
    writer.int64(0)
    this.options.codec.write(writer, value)
    const entry = writer.toBuffer()
    const payload = entry.subarray(prefixBytes)
    entry.writeInt32BE(payload.length, 0)
    entry.writeUInt32BE(crc32c(payload), 4)
    return entry
  }
}

/** The entry that begins at `from`, or null when it is not whole. */
function payloadAt(content: Buffer, from: number): Buffer | null {
  if (content.length - from < prefixBytes) return null
  const length = content.readInt32BE(from)
  if (length <= 0 || length > content.length - from - prefixBytes) return null
  const payload = content.subarray(from + prefixBytes, from + prefixBytes + length)
  return crc32c(payload) === content.readUInt32BE(from + 4) ? payload : null
}

function entryFollows(content: Buffer, damagedAt: number): boolean {
  for (let from = damagedAt + 1; from < content.length; from++) if (payloadAt(content, from)) return true
  return false
}
