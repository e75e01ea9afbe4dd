// The sentences of a journey: what became of the record, and what nobody can say any more.
import type { JourneyOutcome } from '../schemas/journey.ts'
import type { JourneyFacts } from './read-journey.ts'

const explanations = {
  control: "a transaction's marker lies there, not a record",
  aborted: 'its transaction was aborted',
  compacted: 'compaction took it out of the log',
  retention: 'retention took it out of the log before it was read',
  reset: 'it was of a topic that is no more',
  filtered: 'the filter of the mapping left it out',
}

export function outcomeSentence(outcome: JourneyOutcome, { found, explained, sample, account }: JourneyFacts): string {
  switch (outcome) {
    case 'stored':
      return `Stored as event ${found?.event?.event_id}.`
    case 'dead-letter':
      return `Put aside: ${found?.deadLetter?.code}, ${found?.deadLetter?.reason}.`
    case 'accounted':
      return 'Accounted for, and no row is kept: it was noise or a duplicate, or its row has expired or was erased.'
    case 'explained':
      return `Passed by the group: ${explanations[explained as keyof typeof explanations] ?? explained}.`
    case 'unseen':
      return 'The group has committed past it, and nobody accounted for it: the account does not balance.'
    case 'waiting':
      return `In Kafka, and still to be read: the group is at offset ${sample?.committedOffset ?? sample?.logStartOffset}.`
    case 'not-written':
      return `Not written yet: the log ends at offset ${sample?.endOffset}.`
    case 'unknown':
      return account ? `The group began at offset ${account.startOffset}.` : 'The group has never read this partition.'
  }
}

/** Empty where everything is known. */
export function unknownSentences(outcome: JourneyOutcome, { found, sample, inFlight }: JourneyFacts): string[] {
  const unknown: string[] = []
  if (outcome === 'accounted') {
    unknown.push('Which of the four it was: counters are kept for each partition, and not for each offset.')
  }
  if (outcome === 'unseen' || outcome === 'unknown') unknown.push('What became of it.')
  if (found !== null || outcome === 'accounted') {
    unknown.push('How many attempts its batch took: they are not kept once it has succeeded.')
  }
  if (found?.deadLetter) unknown.push('When it was produced: what could not be read carries no time that is believed.')
  if (outcome === 'waiting' && !inFlight) unknown.push('Whether its batch is being tried: only a local stage knows.')
  if (!sample) unknown.push('How far Kafka and the group are: the offsets of this partition were never sampled.')
  return unknown
}
