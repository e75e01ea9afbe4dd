// Compaction (cleanup.policy=compact): of the records with one key only the newest is kept, their offsets unchanged.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AbortedTransaction } from './aborted.ts'
import { at, type BatchHeader, headerBytes, lengthPrefixBytes, readHeader } from './batch.ts'
import { crc32c } from './crc32c.ts'
import type { PartitionLog } from './log.ts'
import { batchesOf } from './lookup.ts'
import { type BatchRecord, recordsOf } from './records.ts'
import { readSeal, sealFileOf } from './seal.ts'
import { Segment } from './segment.ts'

/** Keys held in memory by one run; further ones wait for the next. Kafka's bound is log.cleaner.dedupe.buffer.size. */
const keysMax = 1_000_000

/** Bytes worked on before others get a turn. */
const sliceBytes = 1024 * 1024

/** What the records of a run are measured against. */
interface Survey {
  /** Offset of the newest record of each key. */
  newest: Map<string, number>
  aborted: AbortedTransaction[]
  /** Tombstones whose batch is older go. Ms since 1970. */
  tombstonesSince: number
}

/**
 * Compacts the closed segments of `log` when enough of them is new since `cleanedTo`; returns the offset up to which
 * they are compact now. Never touches what an open transaction may still change. `now` in ms since 1970.
 */
export async function compact(log: PartitionLog, cleanedTo: number, now: number): Promise<number> {
  const segments = log.closedSegments.filter(({ nextOffset }) => nextOffset <= log.stableOffset)
  const bytesIn = (some: readonly Segment[]) => some.reduce((sum, { bytes }) => sum + bytes, 0)
  const dirty = segments.filter(({ nextOffset }) => nextOffset > cleanedTo)
  const ratio = bytesIn(dirty) / Math.max(1, bytesIn(segments))
  if (dirty.length === 0 || ratio < log.configs['min.cleanable.dirty.ratio']) return cleanedTo
  const aborted = log.abortedBetween(0, log.stableOffset)
  const { newest, surveyedTo } = await surveyKeys(log, dirty, aborted)
  const survey = { newest, aborted, tombstonesSince: now - log.configs['delete.retention.ms'] }
  for (const segment of segments) {
    if (segment.baseOffset < surveyedTo && !log.closed) await rewrite(log, segment, survey)
  }
  return surveyedTo
}

async function surveyKeys(log: PartitionLog, dirty: readonly Segment[], aborted: readonly AbortedTransaction[]) {
  const newest = new Map<string, number>()
  let surveyedTo = 0
  for (const segment of dirty) {
    if (newest.size >= keysMax || log.closed) break
    for await (const batch of inSlices(log, segment)) {
      const header = readHeader(batch, 0)
      if (header.isControl || isAborted(header, aborted)) continue
      for (const { key, offsetDelta } of recordsOf(batch, header) ?? []) {
        if (key !== null) newest.set(key.toString('latin1'), header.baseOffset + offsetDelta)
      }
    }
    surveyedTo = segment.nextOffset
  }
  return { newest, surveyedTo }
}

/** The segment's batches, with turns for others in between; ends early when the log closes or the segment is deleted. */
async function* inSlices(log: PartitionLog, segment: Segment): AsyncGenerator<Buffer> {
  let bytes = 0
  if (isGone(log, segment)) return
  for (const batch of batchesOf(segment)) {
    yield batch
    bytes += batch.length
    if (bytes < sliceBytes) continue
    bytes = 0
    await nextTurn()
    if (isGone(log, segment)) return
  }
}

const isGone = (log: PartitionLog, segment: Segment) => log.closed || !log.closedSegments.includes(segment)

function isAborted(header: BatchHeader, aborted: readonly AbortedTransaction[]): boolean {
  if (!header.isTransactional) return false
  return aborted.some(({ producerId, firstOffset, lastOffset }) => {
    return producerId === header.producerId && firstOffset <= header.baseOffset && header.baseOffset <= lastOffset
  })
}

/** Writes the segment anew beside the old one and puts it in its place, unless nothing would go. */
async function rewrite(log: PartitionLog, segment: Segment, survey: Survey): Promise<void> {
  const beside = `${segment.file}.new`
  const compacted = new Segment(segment.storage, segment.file, segment.baseOffset)
  const file = segment.storage.open(beside)
  try {
    for await (const batch of inSlices(log, segment)) {
      const kept = keptOf(batch, segment, survey)
      if (kept === null) continue
      file.write(kept, compacted.bytes)
      compacted.wrote(readHeader(kept, 0))
    }
    const unchanged = compacted.bytes === segment.bytes
    if (!unchanged && !isGone(log, segment)) swap(log, segment, compacted, beside)
  } finally {
    file.close()
    // Not there any more once it has taken its place.
    segment.storage.remove(beside)
  }
}

/** From here on in one turn, so that nobody reads a segment that is half replaced. */
function swap(log: PartitionLog, segment: Segment, compacted: Segment, beside: string): void {
  const producers = readSeal(segment.storage, segment.file)?.producers ?? []
  // A seal that outlived its segment would describe other bytes; without one, the segment is read.
  segment.storage.remove(sealFileOf(segment.file))
  segment.storage.rename(beside, segment.file)
  compacted.aborted = segment.aborted
  log.replace(segment, compacted)
  compacted.sealWith(producers)
}

/**
 * What is kept of a batch: the batch itself, one with fewer records, or null. Markers stay. So does the last batch of
 * a segment, whose last offset says where the next segment follows on (Kafka leaves an empty batch there).
 */
function keptOf(batch: Buffer, segment: Segment, survey: Survey): Buffer | null {
  const header = readHeader(batch, 0)
  if (header.isControl || header.lastOffset + 1 === segment.nextOffset) return batch
  if (isAborted(header, survey.aborted)) return null
  const records = recordsOf(batch, header)
  // What cannot be read is kept as it is.
  if (records === null) return batch
  const kept = records.filter((record) => stays(record, header, survey))
  if (kept.length === records.length) return batch
  return kept.length === 0 ? null : withRecords(batch, kept)
}

/** Records without a key are not kept, as in Kafka, which takes none in either. */
function stays({ key, offsetDelta, isTombstone }: BatchRecord, header: BatchHeader, survey: Survey): boolean {
  if (key === null) return false
  const newest = survey.newest.get(key.toString('latin1')) ?? -1
  if (header.baseOffset + offsetDelta < newest) return false
  return !isTombstone || header.maxTimestamp >= survey.tombstonesSince
}

/** The batch with only these of its records, not compressed; offsets and times are relative and stay as they are. */
function withRecords(batch: Buffer, records: readonly BatchRecord[]): Buffer {
  const next = Buffer.concat([batch.subarray(0, headerBytes), ...records.map(({ bytes }) => bytes)])
  next.writeInt32BE(next.length - lengthPrefixBytes, at.length)
  next.writeInt16BE(next.readInt16BE(at.attributes) & ~0x07, at.attributes)
  next.writeInt32BE(records.length, at.count)
  next.writeUInt32BE(crc32c(next.subarray(at.attributes)), at.crc)
  return next
}
