// Decides whether an idempotent producer's batch is next in sequence, a repetition, or out of order. Pure.
import type { BatchHeader } from '../log/batch.ts'

/** A batch already in the log, as its producer will name it when it sends it again. */
interface WrittenBatch {
  firstSequence: number
  lastSequence: number
  baseOffset: number
}

/** What a partition remembers of one idempotent producer. */
export interface ProducerEntry {
  epoch: number
  /** The newest batches, oldest first. */
  batches: readonly WrittenBatch[]
  /** First offset of its unfinished transaction here, or null. */
  openSince: number | null
  /** Newest time in what it wrote last, ms since 1970. */
  lastTimestamp: number
}

/** A producer has at most five batches in flight (max.in.flight.requests.per.connection), so no more can come again. */
const batchesKept = 5

/** Sequences are 31-bit and begin again at 0. */
const sequenceMax = 0x7fff_ffff

export type SequenceVerdict =
  | { kind: 'append' }
  | { kind: 'duplicate'; baseOffset: number }
  | { kind: 'refuse'; error: 'INVALID_PRODUCER_EPOCH' | 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'INVALID_TXN_STATE' }

type SequencedBatch = Pick<
  BatchHeader,
  'producerEpoch' | 'baseSequence' | 'baseOffset' | 'lastOffset' | 'isTransactional'
>

/** Compaction may have taken records out of the batch, never sequences or offsets. */
const lastSequenceOf = ({ baseSequence, baseOffset, lastOffset }: SequencedBatch): number =>
  (baseSequence + lastOffset - baseOffset) % (sequenceMax + 1)

/**
 * Follows Kafka's ProducerAppendInfo: a producer unknown to the partition may begin anywhere (its batches may have
 * been deleted by retention), a new epoch begins at 0, and everything else continues where it was.
 */
export function judge(entry: ProducerEntry | undefined, batch: SequencedBatch): SequenceVerdict {
  if (entry === undefined) return { kind: 'append' }
  if (batch.producerEpoch < entry.epoch) return { kind: 'refuse', error: 'INVALID_PRODUCER_EPOCH' }
  // Else the open transaction's last stable offset would say nothing of what is written between its batches.
  if (entry.openSince !== null && !batch.isTransactional) return { kind: 'refuse', error: 'INVALID_TXN_STATE' }
  if (batch.producerEpoch > entry.epoch) {
    return batch.baseSequence === 0 ? { kind: 'append' } : { kind: 'refuse', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }
  }
  const lastSequence = lastSequenceOf(batch)
  const written = entry.batches.find((b) => b.firstSequence === batch.baseSequence && b.lastSequence === lastSequence)
  if (written) return { kind: 'duplicate', baseOffset: written.baseOffset }
  const newest = entry.batches.at(-1)
  const expected = newest === undefined ? batch.baseSequence : (newest.lastSequence + 1) % (sequenceMax + 1)
  return batch.baseSequence === expected
    ? { kind: 'append' }
    : { kind: 'refuse', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }
}

/** The entry after `batch` was written at its base offset. */
export function remember(entry: ProducerEntry | undefined, batch: BatchHeader): ProducerEntry {
  const sameEpoch = entry?.epoch === batch.producerEpoch
  const common = { epoch: batch.producerEpoch, lastTimestamp: batch.maxTimestamp }
  // A marker ends the transaction; one with a newer epoch fences the producer, whose sequences begin anew.
  if (batch.isControl) return { ...common, batches: sameEpoch ? (entry?.batches ?? []) : [], openSince: null }
  const { baseOffset } = batch
  const earlier = sameEpoch ? (entry?.batches.slice(1 - batchesKept) ?? []) : []
  const written = { firstSequence: batch.baseSequence, lastSequence: lastSequenceOf(batch), baseOffset }
  const openSince = batch.isTransactional ? (entry?.openSince ?? baseOffset) : null
  return { ...common, batches: [...earlier, written], openSince }
}
