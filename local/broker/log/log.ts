// One partition: segment files, the offsets they span, and the idempotent producers who wrote them.
import { join } from 'node:path'
import { ProducerTable } from '../producers/table.ts'
import { disk } from '../storage/disk.ts'
import type { Storage } from '../storage/storage.ts'
import { type AbortedTransaction, abortedBetween, noteAborted } from './aborted.ts'
import { place, type Refusal, readHeader, refusalOf, stampAppendTime } from './batch.ts'
import type { TopicConfigs } from './configs.ts'
import { type Marker, markerBatch } from './control-batch.ts'
import { GroupSync } from './group-sync.ts'
import { newestTime, offsetForTime } from './lookup.ts'
import { openSegments } from './open-segments.ts'
import { readSegment } from './read-segment.ts'
import { Segment, segmentFileName, type TakeBuffer } from './segment.ts'
import type { TimedOffset } from './timed-offset.ts'
import { topicRefusal } from './topic-refusal.ts'

/** One broker, never a new leader. */
export const leaderEpoch = 0

export type Appended =
  | { kind: 'appended'; baseOffset: number; logAppendTimeMs: number }
  | { kind: 'duplicate'; baseOffset: number }
  | ({ kind: 'refused' } & Refusal)

/** Told how many bytes an append brought, and whether the last stable offset moved. */
export type Watcher = (bytes: number, stableMoved: boolean) => void

export class PartitionLog {
  /** Long polls wait here. */
  readonly watchers = new Set<Watcher>()
  /** True once its topic is deleted or the broker stops. */
  closed = false
  /** Bytes cut off as a torn tail when the log was opened. */
  readonly tornBytes: number
  readonly producers = new ProducerTable()
  readonly configs: TopicConfigs
  private readonly folder: string
  private readonly storage: Storage
  private segments: [Segment, ...Segment[]]
  /** Records below were deleted by DeleteRecords, though their segment may still be there. */
  private deletedBefore: number
  private readonly syncs = new GroupSync(async () => {
    await Promise.all(this.segments.map((segment) => segment.sync()))
  })

  /**
   * Opens the log in `folder`, which is made when absent, and recovers it. Changes of `configs` have an effect at once.
   *
   * @throws PipelineError LOG_CORRUPT when it is damaged in a way that an interrupted write does not explain
   */
  constructor(folder: string, configs: TopicConfigs, storage: Storage = disk) {
    this.folder = folder
    this.storage = storage
    this.configs = configs
    const { segments, tornBytes } = openSegments(storage, folder, this.producers)
    this.tornBytes = tornBytes
    this.segments = segments
    this.deletedBefore = Number(storage.content(this.startFile) ?? 0)
  }

  private get startFile(): string {
    return join(this.folder, 'start')
  }

  private get active(): Segment {
    return this.segments.at(-1) as Segment
  }

  /** Offset of the first record kept. */
  get startOffset(): number {
    return Math.max(this.segments[0].baseOffset, Math.min(this.deletedBefore, this.endOffset))
  }

  /** Offset that the next record gets: the high watermark, since there is one replica. */
  get endOffset(): number {
    return this.active.nextOffset
  }

  /** Last stable offset: below it every transaction has ended, and readers of committed records go no further. */
  get stableOffset(): number {
    return Math.max(this.startOffset, this.producers.firstOpenOffset ?? this.endOffset)
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /** Segments that are written no more, oldest first. */
  get closedSegments(): Segment[] {
    return this.segments.slice(0, -1)
  }

  /**
   * Appends the records of a Produce request. When it returns 'appended' they survive the death of this process.
   * `now` in ms since 1970.
   *
   * @throws the operating system's error (ENOSPC, EROFS, ...) when the write failed; nothing was appended then
   */
  append(batch: Buffer, now: number): Appended {
    const refusal = refusalOf(batch, this.configs['max.message.bytes']) ?? topicRefusal(batch, this.configs, now)
    if (refusal) return { kind: 'refused', ...refusal }
    const verdict = this.producers.judge(readHeader(batch, 0))
    if (verdict.kind === 'duplicate') return verdict
    if (verdict.kind === 'refuse') return { kind: 'refused', error: verdict.error, message: 'Sequence out of order' }
    const stamped = this.configs['message.timestamp.type'] === 'LogAppendTime'
    if (stamped) stampAppendTime(batch, now)
    return { kind: 'appended', baseOffset: this.write(batch, now), logAppendTimeMs: stamped ? now : -1 }
  }

  /**
   * Writes the marker that ends a transaction, with `onDisk` through to the disk. Throws the operating system's error.
   */
  appendMarker(marker: Marker, now: number, onDisk = false): void {
    this.write(markerBatch(marker, now), now)
    if (onDisk) this.active.syncNow()
  }

  private write(batch: Buffer, now: number): number {
    const baseOffset = this.endOffset
    const stableBefore = this.stableOffset
    place(batch, baseOffset, leaderEpoch)
    const header = readHeader(batch, 0)
    const segment = this.segmentFor(header.bytes, header.maxTimestamp, now)
    segment.append(batch, header)
    noteAborted(segment, batch, 0, this.producers.wrote(header))
    const stableMoved = this.stableOffset > stableBefore
    for (const wake of this.watchers) wake(header.bytes, stableMoved)
    return baseOffset
  }

  /** The newest segment, or a new one when it is full or old. What may go then goes at once, to bound what is kept. */
  private segmentFor(bytes: number, timestamp: number, now: number): Segment {
    const active = this.active
    if (active.bytes === 0) return active
    const full = active.bytes + bytes > segmentBytesMax(this.configs)
    const old = timestamp - active.firstTimestamp > this.configs['segment.ms']
    if (!full && !old) return active
    const next = this.roll()
    this.retain(now)
    return next
  }

  /** Resolves when all that was appended so far is on the disk. Rejects with the operating system's error. */
  sync(): Promise<void> {
    return this.syncs.sync()
  }

  /**
   * Whole batches from the one that holds `offset` on, as many as fit into `bytesMax` and begin below `before`; with
   * `atLeastOne` the first comes even when it is larger (KIP-74). Empty at the end of the log. `take` gives the buffer.
   */
  read(offset: number, bytesMax: number, atLeastOne: boolean, before = this.endOffset, take?: TakeBuffer): Buffer {
    const found = this.segments.findLastIndex((each) => each.baseOffset <= offset)
    for (const segment of this.segments.slice(Math.max(0, found))) {
      // Compaction may have left a segment without the records it was asked for: the next one goes on.
      if (offset >= segment.nextOffset || segment.bytes === 0) continue
      return readSegment(segment, Math.max(offset, segment.baseOffset), bytesMax, atLeastOne, before, take)
    }
    return Buffer.alloc(0)
  }

  /** Aborted transactions that a reader of `[from, to)` must know of. */
  abortedBetween(from: number, to: number): AbortedTransaction[] {
    return abortedBetween(this.segments, from, to)
  }

  /** The first record at or after `timestamp` (ms since 1970), or null. */
  offsetForTime(timestamp: number): TimedOffset | null {
    return offsetForTime(this.segments, timestamp, this.startOffset)
  }

  /** The record with the largest timestamp, the first of them if several (KIP-734), or null for an empty log. */
  newestTime(): TimedOffset | null {
    return newestTime(this.segments)
  }

  /** Deletes the records below `offset`, for good (DeleteRecords); their files go once they hold nothing else. */
  deleteBefore(offset: number): void {
    if (offset <= this.startOffset) return
    this.storage.replace(this.startFile, Buffer.from(`${offset}\n`), true)
    this.deletedBefore = offset
    this.removeWhile((oldest) => oldest.nextOffset <= offset)
  }

  /**
   * Deletes whole segments, oldest first, whose newest record is older than retention.ms, or without which
   * retention.bytes are still there. `now` in ms since 1970.
   */
  retain(now: number): void {
    const { 'retention.ms': keptMs, 'retention.bytes': keptBytes, 'cleanup.policy': policy } = this.configs
    if (policy === 'compact') return
    this.removeWhile((oldest) => {
      const tooOld = keptMs >= 0 && oldest.maxTimestamp >= 0 && now - oldest.maxTimestamp > keptMs
      return tooOld || (keptBytes >= 0 && this.bytes - oldest.bytes >= keptBytes)
    })
  }

  private removeWhile(mayGo: (oldest: Segment) => boolean): void {
    for (;;) {
      const oldest = this.segments[0]
      if (oldest.bytes === 0 || !mayGo(oldest)) return
      // The next segment's file is there before this one goes, since its name keeps the end of the log.
      if (oldest === this.active) this.roll()
      this.segments.shift()
      oldest.remove()
    }
  }

  private roll(): Segment {
    this.active.seal(this.producers)
    const next = new Segment(this.storage, join(this.folder, segmentFileName(this.endOffset)), this.endOffset)
    // Once the older segments are gone, nothing else tells who wrote and which transactions are open.
    next.seal(this.producers)
    next.create()
    this.segments.push(next)
    return next
  }

  /** Puts a compacted segment in the place of a closed one; false when that one is gone meanwhile. */
  replace(old: Segment, compacted: Segment): boolean {
    const at = this.segments.indexOf(old)
    if (at >= 0) this.segments[at] = compacted
    old.close()
    return at >= 0
  }

  /** Keeps what is known of the newest segment when a start after a kill would have `bytesMin` to read. */
  seal(bytesMin: number): void {
    if (this.active.unsealedBytes >= bytesMin) this.active.seal(this.producers)
  }

  /** Frees the files, and wakes whoever waits, who will find it closed. */
  close(): void {
    this.closed = true
    for (const wake of this.watchers) wake(Number.POSITIVE_INFINITY, true)
    for (const segment of this.segments) segment.close()
  }
}

/**
 * No more than segment.bytes, and no more than half of retention.bytes where that is 1 MB or more. Our choice: since
 * whole segments are deleted, Kafka keeps up to two of them beyond retention.bytes, each a gigabyte by default.
 */
function segmentBytesMax({ 'segment.bytes': bytes, 'retention.bytes': keptBytes }: TopicConfigs): number {
  return keptBytes < 0 ? bytes : Math.min(bytes, Math.max(keptBytes / 2, 1024 * 1024))
}
