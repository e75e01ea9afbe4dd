// How the event of an offset is found without an index of all offsets: marks say where in the sequence to look.

/**
 * The first event that a batch stores of a partition is marked, unless a mark lies so near below it that the event is
 * found from there. A mark costs some twenty bytes, an index entry for every event as much for each of them.
 */
export const markEveryOffsets = 256
/** Other partitions' rows lie between a partition's own. */
export const markEverySeqs = 4_096

/** Looked through from one mark: what may lie between two, and the largest batch that Lambda takes. */
export const seqsFromMarkMax = markEverySeqs + 10_000
/** Offsets that were stored late, after some above them, lie behind a mark further down. */
export const marksTriedMax = 2

/** Rows of one transaction are neighbours in the sequence, and it holds no more than a batch does. */
export const batchSeqsMax = 10_000
