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
}

/** A producer has at most five batches in flight (max.in.flight.requests.per.connection), so no more can come again. */
const batchesKept = 5

/** Sequences are 31-bit and begin again at 0. */
const sequenceMax = 0x7fff_ffff

export type SequenceVerdict =
  | { kind: 'append' }
  | { kind: 'duplicate'; baseOffset: number }
  | { kind: 'refuse'; error: 'INVALID_PRODUCER_EPOCH' | 'OUT_OF_ORDER_SEQUENCE_NUMBER' }

type SequencedBatch = Pick<BatchHeader, 'producerEpoch' | 'baseSequence' | 'count'>

const lastSequenceOf = (batch: SequencedBatch): number => (batch.baseSequence + batch.count - 1) % (sequenceMax + 1)

/**
 * Follows Kafka's ProducerAppendInfo: a producer unknown to the partition may begin anywhere (its batches may have
 * been deleted by retention), a new epoch begins at 0, and everything else continues where it was.
 */
export function judge(entry: ProducerEntry | undefined, batch: SequencedBatch): SequenceVerdict {
  if (entry === undefined) return { kind: 'append' }
  if (batch.producerEpoch < entry.epoch) return { kind: 'refuse', error: 'INVALID_PRODUCER_EPOCH' }
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

/** The entry after `batch` was written at `baseOffset`. */
export function remember(entry: ProducerEntry | undefined, batch: SequencedBatch, baseOffset: number): ProducerEntry {
  const earlier = entry?.epoch === batch.producerEpoch ? entry.batches.slice(1 - batchesKept) : []
  const written = { firstSequence: batch.baseSequence, lastSequence: lastSequenceOf(batch), baseOffset }
  return { epoch: batch.producerEpoch, batches: [...earlier, written] }
}
