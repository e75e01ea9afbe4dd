// Why offsets that a group has passed are not accounted: what Kafka holds there, or does not hold any more, says it.
import type { RangeReader, RangeRecord } from '../kafka/read-range.ts'
import { missingRanges } from '../status/lag.ts'
import type { Explanation, LagSample, Store } from '../store/store.ts'

type Hole = Pick<Explanation, 'group' | 'topic' | 'partition' | 'epoch' | 'from' | 'to'>

/** What is known of the log when a hole is looked at. */
export interface LogFacts {
  logStartOffset: number
  endOffset: number
  records: RangeRecord[]
  /** Up to here `records` is all there is. */
  readTo: number
}

/** Fetches of a megabyte for each partition and time; the next time goes on. */
const fetchesMax = 3

/**
 * Explains the hole as far as is known. What is before the log's start went with retention; what is beyond its end was
 * in a topic that is no more (reset); of the rest, control records and aborted ones explain themselves, and offsets that
 * the log leaves out were compacted. Where a record lies, nothing is explained: it stays unseen.
 */
export function explainHole(hole: Hole, { logStartOffset, endOffset, records, readTo }: LogFacts): Explanation[] {
  const kinds = new Map(records.map(({ offset, kind }) => [offset, kind]))
  const found: Explanation[] = []
  const add = (from: number, to: number, reason: Explanation['reason']) => {
    const last = found.at(-1)
    if (to <= from) return
    if (last && last.to === from && last.reason === reason) last.to = to
    else found.push({ ...hole, from, to, reason })
  }
  add(hole.from, Math.min(hole.to, logStartOffset), 'retention')
  const readable = Math.min(hole.to, endOffset, readTo)
  for (let offset = Math.max(hole.from, logStartOffset); offset < readable; offset++) {
    const kind = kinds.get(offset) ?? 'compacted'
    if (kind !== 'record') add(offset, offset + 1, kind)
  }
  add(Math.max(hole.from, endOffset), hole.to, 'reset')
  return found
}

/**
 * Looks at holes of the sampled groups and keeps what explains them. One fetch reads what lies around many of them.
 *
 * @returns how many explanations were found
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED; STORE_* of the store
 */
export async function explainHoles(
  samples: LagSample[],
  store: Pick<Store, 'accounts' | 'explanations' | 'explain'>,
  reader: RangeReader,
): Promise<number> {
  const known = await store.explanations()
  const found: Explanation[] = []
  for (const account of await store.accounts()) {
    const sample = samples.find((one) => isSamePlace(one, account))
    if (!sample || account.isFiltered) continue
    const explained = known.filter((one) => isSamePlace(one, account) && one.epoch === account.epoch)
    const { group, topic, partition, epoch } = account
    const holes = missingRanges(account, sample.committedOffset, explained).map(([from, to]) => ({ from, to }))
    const place = { group, topic, partition, epoch }
    found.push(...(await explainAccount(place, holes, sample, reader)))
  }
  if (found.length > 0) await store.explain(found)
  return found.length
}

async function explainAccount(
  place: Omit<Hole, 'from' | 'to'>,
  holes: { from: number; to: number }[],
  { logStartOffset, endOffset }: LagSample,
  reader: RangeReader,
): Promise<Explanation[]> {
  const found: Explanation[] = []
  let left = holes
  for (let fetches = 0; left.length > 0 && fetches < fetchesMax; fetches++) {
    const from = Math.max(left[0]?.from ?? 0, logStartOffset)
    const to = Math.min(left.at(-1)?.to ?? 0, endOffset)
    const read = from < to ? await reader.read({ ...place, from, to }) : { records: [], readTo: from }
    const facts = { logStartOffset, endOffset, ...read }
    const isReached = (hole: { from: number }) => hole.from < read.readTo || from >= to
    found.push(...left.filter(isReached).flatMap((hole) => explainHole({ ...place, ...hole }, facts)))
    const next = left.filter((hole) => !isReached(hole))
    // Nothing came of it: the next time may know more.
    if (next.length === left.length) break
    left = next
  }
  return found
}

function isSamePlace(one: Pick<Hole, 'group' | 'topic' | 'partition'>, other: typeof one): boolean {
  return one.group === other.group && one.topic === other.topic && one.partition === other.partition
}
