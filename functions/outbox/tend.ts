// What the second consumer cannot do while no record comes: lets time pass, and sends offers that were left over.
import type { OffsetsReader, PartitionOffsets } from '../kafka/offsets.ts'
import { type OfferParts, publishOffers } from '../offers/publish-offers.ts'
import type { AbandonmentRules } from '../retail/abandonment/rules.ts'
import type { AbandonmentStore, PartitionReading } from '../store/abandonment.ts'

export interface TendParts {
  group: string
  /** The shop's. */
  topic: string
  store: Pick<AbandonmentStore, 'passTime' | 'unpublished' | 'forget'>
  offsets: Pick<OffsetsReader, 'read'>
  rules: AbandonmentRules
  offers: OfferParts
  /** Published offers and closed incidents are kept this long, ms. */
  keepMs: number
  now(): number
}

export interface Tended {
  decided: number
  abandoned: number
  /** Made by the passing of time, and left over from before. */
  published: number
}

/** Whoever made an offer has this long to send it before it counts as left over, ms. */
const handoverMs = 3_000
const offersPerRun = 2_000
const forgottenPerRun = 1_000
/** Of the rounds that a run makes where much has fallen due at once; the next run goes on. */
const roundsMax = 25

/**
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED; STORE_* of the store
 */
export async function tend(parts: TendParts): Promise<Tended> {
  const { group, topic, store, rules, now } = parts
  // The clock first: what is produced after it may be missing in the offsets, and is not claimed to be read.
  const askedMs = now()
  const partitions = (await parts.offsets.read(group, topic)).map((offsets) => readingOf(offsets, askedMs))
  const tended: Tended = { decided: 0, abandoned: 0, published: 0 }
  for (let round = 0; round < roundsMax; round++) {
    const { decided, abandoned, offers, isMoreDue } = await store.passTime({ group, topic, partitions }, rules)
    tended.decided += decided
    tended.abandoned += abandoned
    tended.published += await publishOffers(offers, parts.offers)
    if (!isMoreDue) break
  }
  const leftOver = await store.unpublished({ group, decidedBeforeMs: askedMs - handoverMs, limit: offersPerRun })
  tended.published += await publishOffers(leftOver, parts.offers)
  await store.forget({ group, beforeMs: askedMs - parts.keepMs, limit: forgottenPerRun })
  return tended
}

/** An empty partition is read to its end, though nobody ever committed there. */
function readingOf({ partition, logStartOffset, endOffset, committedOffset }: PartitionOffsets, askedMs: number) {
  const isRead = (committedOffset ?? logStartOffset) >= endOffset
  return { partition, logStartOffset, readToEndMs: isRead ? askedMs : null } satisfies PartitionReading
}
