// The offsets that groups have committed, kept in an append-only file with a CRC per entry.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32c } from '@node-rs/crc32'
import { PipelineError } from '../../../functions/errors.ts'
import { replaceFile } from '../log/durable-file.ts'
import { compile } from '../protocol/codec.ts'
import { Reader } from '../protocol/reader.ts'
import { int32, int64, list, string } from '../protocol/schema.ts'
import { Writer } from '../protocol/writer.ts'

export interface CommittedOffset {
  offset: number
  leaderEpoch: number
  metadata: string
}

export interface OffsetEntry extends CommittedOffset {
  topic: string
  partition: number
}

/** An entry is what one request changed, so that it is kept as a whole or not at all. */
const entryCodec = compile(
  {
    groupId: string(),
    offsets: list({
      topic: string(),
      partition: int32(),
      /** `forgotten` when the offset was deleted. */
      offset: int64(),
      leaderEpoch: int32(),
      metadata: string(),
    }),
  },
  0,
  true,
)

const forgotten = -1

/** Groups with committed offsets, and the length of their names. Our choice: Kafka has no limits. */
const groupsMax = 10_000
const groupIdLengthMax = 1_000

export const isGroupId = (groupId: string): boolean => groupId.length > 0 && groupId.length <= groupIdLengthMax

/** Length and CRC precede each entry. */
const prefixBytes = 8

/** The file is written anew when it is larger than this and four times what it was after the last time. */
const compactBytesMin = 4 * 1024 * 1024

export class CommittedOffsets {
  private readonly groups = new Map<string, Map<string, OffsetEntry>>()
  private readonly file: string
  private fd: number
  private bytes = 0
  private compactedBytes = 0

  /**
   * Reads the file, cuts a torn tail off and says so, and writes it anew without what is out of date.
   *
   * @throws PipelineError LOG_CORRUPT when entries follow a damaged one
   */
  constructor(file: string, say: (line: string) => void) {
    this.file = file
    const content = readIfThere(file)
    const end = this.replay(content)
    if (end < content.length) {
      if (entryFollows(content, end)) throw new PipelineError('LOG_CORRUPT', `${file} is damaged at byte ${end}`)
      say(`committed offsets: cut ${content.length - end} bytes of an unfinished write off`)
    }
    this.fd = this.compact()
  }

  /** Keeps offsets; they survive the death of this process when it returns. Throws the operating system's error. */
  commit(groupId: string, offsets: readonly OffsetEntry[]): void {
    if (offsets.length === 0) return
    const entry = encode(groupId, offsets)
    try {
      for (let done = 0; done < entry.length; ) {
        done += writeSync(this.fd, entry, done, entry.length - done, this.bytes + done)
      }
    } catch (error) {
      ftruncateSync(this.fd, this.bytes)
      throw error
    }
    this.bytes += entry.length
    this.apply(groupId, offsets)
    if (this.bytes > Math.max(compactBytesMin, 4 * this.compactedBytes)) {
      const old = this.fd
      this.fd = this.compact()
      closeSync(old)
    }
  }

  /** Forgets some of a group's offsets. */
  forget(groupId: string, offsets: readonly { topic: string; partition: number }[]): void {
    this.commit(
      groupId,
      offsets.map(({ topic, partition }) => ({ topic, partition, offset: forgotten, leaderEpoch: -1, metadata: '' })),
    )
  }

  /** Forgets what every group has committed for a topic, as Kafka does when it is deleted. */
  forgetTopic(topic: string): void {
    for (const groupId of this.groupIds())
      this.forget(
        groupId,
        this.of(groupId).filter((entry) => entry.topic === topic),
      )
  }

  groupIds(): string[] {
    return [...this.groups.keys()]
  }

  /** Whether `groupId` may commit: a new group may not when there are too many. */
  mayCommit(groupId: string): boolean {
    return this.groups.has(groupId) || this.groups.size < groupsMax
  }

  has(groupId: string): boolean {
    return this.groups.has(groupId)
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.groups.get(groupId)?.get(keyOf(topic, partition))
  }

  of(groupId: string): OffsetEntry[] {
    return [...(this.groups.get(groupId)?.values() ?? [])]
  }

  close(): void {
    closeSync(this.fd)
  }

  private apply(groupId: string, offsets: readonly OffsetEntry[]): void {
    const kept = this.groups.get(groupId) ?? new Map<string, OffsetEntry>()
    for (const entry of offsets) {
      const key = keyOf(entry.topic, entry.partition)
      if (entry.offset === forgotten) kept.delete(key)
      else kept.set(key, entry)
    }
    if (kept.size === 0) this.groups.delete(groupId)
    else this.groups.set(groupId, kept)
  }

  /** Applies every whole entry; returns where they end. */
  private replay(content: Buffer): number {
    let from = 0
    for (;;) {
      const payload = payloadAt(content, from)
      if (payload === null) return from
      const { groupId, offsets } = entryCodec.read(new Reader(payload))
      this.apply(groupId, offsets)
      from += prefixBytes + payload.length
    }
  }

  /** Replaces the file by one that holds only what is valid now, and opens it. */
  private compact(): number {
    const content = Buffer.concat([...this.groups].map(([groupId, kept]) => encode(groupId, [...kept.values()])))
    replaceFile(this.file, content)
    this.bytes = content.length
    this.compactedBytes = content.length
    return openSync(this.file, 'r+')
  }
}

const keyOf = (topic: string, partition: number): string => `${topic}:${partition}`

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

function encode(groupId: string, offsets: readonly OffsetEntry[]): Buffer {
  const writer = new Writer(256)
  writer.int64(0)
  entryCodec.write(writer, { groupId, offsets: [...offsets] })
  const entry = writer.toBuffer()
  const payload = entry.subarray(prefixBytes)
  entry.writeInt32BE(payload.length, 0)
  entry.writeUInt32BE(crc32c(payload), 4)
  return entry
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
