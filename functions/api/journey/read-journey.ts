// What is known of one record, gathered from the rows, the account and the newest samples.
import type { FoundRecord, RecordPlace } from '../../store/search.ts'
import type { Account, Explanation, LagSample, Store } from '../../store/store.ts'

export interface JourneyFacts {
  place: RecordPlace
  found: FoundRecord | null
  /** Of the current epoch; undefined where the group has never read the partition. */
  account: Account | undefined
  /** Why the group has passed the offset without accounting for it. */
  explained: Explanation['reason'] | undefined
  sample: LagSample | undefined
  inFlight: InFlight | null
}

/** A batch that holds the record and is being invoked, or waits to be tried again. */
export interface InFlight {
  phase: string
  attempt: number
  lastError: string | null
  /** ms */
  nextAttemptAt: number | null
}

export type JourneyStore = Pick<Store, 'search' | 'accounts' | 'explanations' | 'latestLagSamples'>

/** @throws PipelineError STORE_* */
export async function readJourney(
  store: JourneyStore,
  place: RecordPlace,
  inFlight: (place: RecordPlace) => InFlight | null = () => null,
): Promise<JourneyFacts> {
  const isHere = (other: { group: string; topic: string; partition: number }) =>
    other.group === place.group && other.topic === place.topic && other.partition === place.partition
  // Samples before accounts, and rows last: a record that is settled in between is found, and not taken for unseen.
  const sample = (await store.latestLagSamples()).find(isHere)
  const flying = inFlight(place)
  const account = (await store.accounts()).find(isHere)
  const explanation = (await store.explanations()).find(
    (one) => isHere(one) && one.epoch === account?.epoch && place.offset >= one.from && place.offset < one.to,
  )
  const found = await store.search.record(place)
  return { place, found, account, explained: explanation?.reason, sample, inFlight: found ? null : flying }
}
