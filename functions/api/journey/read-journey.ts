// What is known of one record, gathered from the rows, the account and the newest samples.

import type { Attempt } from '../../store/redrives.ts'
import type { FoundRecord, RecordPlace } from '../../store/search.ts'
import type { Account, Explanation, LagSample, Store } from '../../store/store.ts'
import { type JudgeParts, judgeAgain, type NoRow } from './judge-again.ts'

export interface JourneyFacts {
  place: RecordPlace
  found: FoundRecord | null
  /** Of the current epoch; undefined where the group has never read the partition. */
  account: Account | undefined
  /** Why the group has passed the offset without accounting for it. */
  explained: Explanation['reason'] | undefined
  sample: LagSample | undefined
  inFlight: InFlight | null
  /** What a local stage remembers of its batch: more than one attempt. undefined: nobody is there to remember. */
  pastAttempts: PastAttempts | null | undefined
  /** Attempts at its dead letter, the oldest first. */
  trail: Attempt[]
  /** Why it left no row; null unless it is accounted for without one. */
  noRow: NoRow | null
}

/** A batch that holds the record and is being invoked, or waits to be tried again. */
export interface InFlight {
  phase: string
  attempt: number
  lastError: string | null
  /** ms */
  nextAttemptAt: number | null
}

/** A batch that needed more than one attempt, and is over. */
export interface PastAttempts {
  count: number
  /** Before the last attempt. */
  lastError: string | null
}

export interface JourneyParts extends Omit<JudgeParts, 'store' | 'readRecord'> {
  store: Pick<Store, 'search' | 'accounts' | 'explanations' | 'latestLagSamples'> & JudgeParts['store']
  /** The group whose rules `classify` has, and whose events have rows. */
  group: string
  /** Absent where Kafka is not to be asked. */
  readRecord?: JudgeParts['readRecord'] | undefined
  inFlight?: ((place: RecordPlace) => InFlight | null) | undefined
  pastAttempts?: ((place: RecordPlace) => PastAttempts | null) | undefined
}

/** @throws PipelineError STORE_* */
export async function readJourney(place: RecordPlace, parts: JourneyParts): Promise<JourneyFacts> {
  const { store } = parts
  const isHere = (other: { group: string; topic: string; partition: number }) =>
    other.group === place.group && other.topic === place.topic && other.partition === place.partition
  // Samples before accounts, and rows last: a record that is settled in between is found, and not taken for unseen.
  const sample = (await store.latestLagSamples()).find(isHere)
  const flying = parts.inFlight?.(place) ?? null
  const account = (await store.accounts()).find(isHere)
  const explanation = (await store.explanations()).find(
    (one) => isHere(one) && one.epoch === account?.epoch && place.offset >= one.from && place.offset < one.to,
  )
  const found = await store.search.record(place)
  const letter = found?.deadLetter
  const trail = letter ? (await store.redrives.one({ group: place.group, seq: letter.seq }))?.trail : undefined
  return {
    place,
    found,
    account,
    explained: explanation?.reason,
    sample,
    inFlight: found ? null : flying,
    pastAttempts: parts.pastAttempts?.(place),
    trail: trail ?? [],
    noRow: found ? null : await readNoRow(place, account, parts),
  }
}

async function readNoRow(
  place: RecordPlace,
  account: Account | undefined,
  { group, readRecord, ...parts }: JourneyParts,
): Promise<NoRow | null> {
  if (!account || !isAccounted(account, place.offset)) return null
  if (!readRecord || place.group !== group) return { why: 'unread', recordMs: null, event: null, code: null }
  return judgeAgain(place, account, { ...parts, readRecord })
}

function isAccounted({ startOffset, nextOffset, rangesAbove }: Account, offset: number): boolean {
  if (offset >= startOffset && offset < nextOffset) return true
  return rangesAbove.some(([from, to]) => offset >= from && offset < to)
}
