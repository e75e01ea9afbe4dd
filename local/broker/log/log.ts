// One partition: segment files, the offsets they span, and the idempotent producers who wrote them.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PipelineError } from '../../../functions/errors.ts'
import { ProducerTable } from '../producers/table.ts'
import {
  type BatchHeader,
  batchBytesAt,
  headerBytes,
  lastOffsetAt,
  place,
  type Refusal,
  readHeader,
  refusalOf,
} from './batch.ts'
import type { TopicConfigs } from './configs.ts'
import { recover } from './recover.ts'
import { Segment, segmentFileName } from './segment.ts'
import { offsetInBatch, type TimedOffset } from './timed-offset.ts'

/** One broker, never a new leader. */
export const leaderEpoch = 0

export type Appended = { kind: 'appended' | 'duplicate'; baseOffset: number } | ({ kind: 'refused' } & Refusal)

export class PartitionLog {
  /** Told how many bytes each append brought: long polls wait here. */
  readonly watchers = new Set<(bytes: number) => void>()
  /** True once its topic is deleted or the broker stops. */
  closed = false
  /** Bytes cut off as a torn tail when the log was opened. */
  readonly tornBytes: number
  private readonly folder: string
  private readonly configs: TopicConfigs
  private readonly segments: [Segment, ...Segment[]]
  private readonly producers = new ProducerTable()

  /**
   * Opens the log in `folder`, which is made when absent, and recovers it.
   *
   * @throws PipelineError LOG_CORRUPT when it is damaged in a way that an interrupted write does not explain
   */
  constructor(folder: string, configs: TopicConfigs) {
    this.folder = folder
    this.configs = configs
    mkdirSync(folder, { recursive: true })
    const names = readdirSync(folder)
      .filter((name) => /^\d{20}\.log$/.test(name))
      .sort()
    const found = names.map((name) => new Segment(join(folder, name), Number.parseInt(name, 10)))
    let tornBytes = 0
    for (const [i, segment] of found.entries()) {
      const expected = found[i - 1]?.nextOffset ?? segment.baseOffset
      if (segment.baseOffset !== expected) {
        throw new PipelineError('LOG_CORRUPT', `${segment.file} does not follow on offset ${expected - 1}`)
      }
      tornBytes += recover(segment, segment === found.at(-1), (header) => this.producers.wrote(header))
    }
    this.tornBytes = tornBytes
    const [first, ...rest] = found
    this.segments = [first ?? this.segmentAt(0), ...rest]
  }

  private segmentAt(baseOffset: number): Segment {
    return new Segment(join(this.folder, segmentFileName(baseOffset)), baseOffset)
  }

  private get active(): Segment {
    return this.segments.at(-1) as Segment
  }

  /** Offset of the first record kept. */
  get startOffset(): number {
    return this.segments[0].baseOffset
  }

  /** Offset that the next record gets: the high watermark, since there is one replica. */
  get endOffset(): number {
    return this.active.nextOffset
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /**
   * Appends the records of a Produce request. When it returns 'appended' they survive the death of this process.
   *
   * @throws the operating system's error (ENOSPC, EROFS, ...) when the write failed; nothing was appended then
   */
  append(batch: Buffer): Appended {
    const refusal = refusalOf(batch, this.configs['max.message.bytes'])
    if (refusal) return { kind: 'refused', ...refusal }
    const verdict = this.producers.judge(readHeader(batch, 0))
    if (verdict.kind === 'duplicate') return verdict
    if (verdict.kind === 'refuse') return { kind: 'refused', error: verdict.error, message: 'Sequence out of order' }
    const baseOffset = this.endOffset
    place(batch, baseOffset, leaderEpoch)
    const header = readHeader(batch, 0)
    this.segmentFor(header).append(batch, header)
    this.producers.wrote(header)
    for (const wake of this.watchers) wake(header.bytes)
    return { kind: 'appended', baseOffset }
  }

  private segmentFor(header: BatchHeader): Segment {
    const active = this.active
    if (active.bytes === 0 || active.bytes + header.bytes <= this.configs['segment.bytes']) return active
    return this.roll()
  }

  /**
   * Whole batches from the one that holds `offset` on, as many as fit into `bytesMax`; with `atLeastOne` the first
   * comes even when it is larger (KIP-74). Empty at the end of the log.
   */
  read(offset: number, bytesMax: number, atLeastOne: boolean): Buffer {
    const segment = this.segments.findLast((each) => each.baseOffset <= offset)
    if (segment === undefined || offset >= segment.nextOffset) return Buffer.alloc(0)
    const position = segment.positionBefore(offset)
    // Fewer bytes than an index interval precede the wanted batch: its neighbours there would have had an entry else.
    const around = segment.read(position, bytesMax + indexSlackBytes)
    let from = 0
    while (from + headerBytes <= around.length && lastOffsetAt(around, from) < offset)
      from += batchBytesAt(around, from)
    const firstBytes = batchBytesAt(around, from)
    if (firstBytes > bytesMax) return atLeastOne ? segment.read(position + from, firstBytes) : Buffer.alloc(0)
    return around.subarray(from, wholeBatchesEnd(around, from, bytesMax))
  }

  /** The first record at or after `timestamp` (ms since 1970), or null. */
  offsetForTime(timestamp: number): TimedOffset | null {
    for (const segment of this.segments) {
      if (segment.maxTimestamp < timestamp) continue
      for (const batch of this.batchesOf(segment, segment.positionBeforeTime(timestamp))) {
        if (readHeader(batch, 0).maxTimestamp >= timestamp) return offsetInBatch(batch, timestamp)
      }
    }
    return null
  }

  /** The record with the largest timestamp, the first of them if several (KIP-734), or null for an empty log. */
  newestTime(): TimedOffset | null {
    const newest = this.segments.reduce((best, each) => (each.maxTimestamp > best.maxTimestamp ? each : best))
    if (newest.maxTimestampBatch < 0) return null
    return offsetInBatch(this.read(newest.maxTimestampBatch, 0, true), newest.maxTimestamp)
  }

  private *batchesOf(segment: Segment, from: number): Generator<Buffer> {
    for (let position = from; position < segment.bytes; ) {
      const bytes = batchBytesAt(segment.read(position, headerBytes), 0)
      yield segment.read(position, bytes)
      position += bytes
    }
  }

  /**
   * Deletes whole segments, oldest first, whose newest record is older than retention.ms, or without which
   * retention.bytes are still there. `now` in ms since 1970.
   */
  retain(now: number): void {
    const { 'retention.ms': keptMs, 'retention.bytes': keptBytes } = this.configs
    for (;;) {
      const oldest = this.segments[0]
      if (oldest.bytes === 0) return
      const tooOld = keptMs >= 0 && oldest.maxTimestamp >= 0 && now - oldest.maxTimestamp > keptMs
      const tooMuch = keptBytes >= 0 && this.bytes - oldest.bytes >= keptBytes
      if (!tooOld && !tooMuch) return
      // The next segment's file is there before this one goes, since its name keeps the end of the log.
      if (oldest === this.active) this.roll()
      this.segments.shift()
      oldest.remove()
    }
  }

  private roll(): Segment {
    const next = this.segmentAt(this.endOffset)
    next.create()
    this.segments.push(next)
    return next
  }

  /** Frees the files, and wakes whoever waits, who will find it closed. */
  close(): void {
    this.closed = true
    for (const wake of this.watchers) wake(Number.POSITIVE_INFINITY)
    for (const segment of this.segments) segment.close()
  }
}

/** Room for the batches that may lie between an index entry and the wanted one. */
const indexSlackBytes = 8192

/** End of the last batch that lies wholly in `buffer` and within `bytesMax` of `from`. */
function wholeBatchesEnd(buffer: Buffer, from: number, bytesMax: number): number {
  const limit = Math.min(buffer.length, from + bytesMax)
  let end = from
  for (;;) {
    const next = end + batchBytesAt(buffer, end)
    if (!(next <= limit)) return end
    end = next
  }
}
