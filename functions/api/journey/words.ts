// The sentences of a journey: what became of the record, and what nobody can say any more.
import type { JourneyOutcome } from '../schemas/journey.ts'
import type { NoRow } from './judge-again.ts'
import type { JourneyFacts } from './read-journey.ts'

const explanations = {
  control: "a transaction's marker lies there, not a record",
  aborted: 'its transaction was aborted',
  compacted: 'compaction took it out of the log',
  retention: 'retention took it out of the log before it was read',
  reset: 'it was of a topic that is no more',
  filtered: 'the filter of the mapping left it out',
}

export function outcomeSentence(
  outcome: JourneyOutcome,
  { found, explained, sample, account, noRow }: JourneyFacts,
): string {
  switch (outcome) {
    case 'stored':
      return `Stored as event ${found?.event?.event_id}.`
    case 'dead-letter':
      return asideSentence(found?.deadLetter)
    case 'noise':
      return 'Noise: counted, and not stored.'
    case 'duplicate':
      return `A duplicate: event ${noRow?.event?.event_id} was stored from another record.`
    case 'expired':
      return noRow?.code
        ? `It was put aside as ${noRow.code}, and its row has gone with its age.`
        : `Event ${noRow?.event?.event_id} was stored, and its row has gone with its age.`
    case 'erased':
      return `Event ${noRow?.event?.event_id} is known, and its user was erased.`
    case 'accounted':
      return noRow?.why === 'either'
        ? `Event ${noRow.event?.event_id} was stored: from this record, whose row has gone since, or from another.`
        : 'Accounted for, and no row is kept: it was noise or a duplicate, or its row has expired or was erased.'
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
export function unknownSentences(
  outcome: JourneyOutcome,
  { found, sample, inFlight, pastAttempts, noRow }: JourneyFacts,
): string[] {
  const unknown: string[] = []
  if (outcome === 'accounted') unknown.push(whyNotTold(noRow))
  if (outcome === 'unseen' || outcome === 'unknown') unknown.push('What became of it.')
  if ((found !== null || noRow !== null) && !pastAttempts) {
    unknown.push(
      pastAttempts === undefined
        ? 'How many attempts its batch took: no stage keeps them here.'
        : 'Whether its batch took more than one attempt before this stage was started; since then it has not.',
    )
  }
  if (found?.deadLetter) unknown.push('When it was produced: what could not be read carries no time that is believed.')
  if (outcome === 'waiting' && !inFlight) unknown.push('Whether its batch is being tried: only a local stage knows.')
  if (!sample) unknown.push('How far Kafka and the group are: the offsets of this partition were never sampled.')
  return unknown
}

function asideSentence(letter: NonNullable<JourneyFacts['found']>['deadLetter'] | undefined): string {
  const since = letter && letter.state !== 'open' ? ` It was ${letter.state} since.` : ''
  return `Put aside: ${letter?.code}, ${letter?.reason}.${since}`
}

/** Counters are kept for each partition and not for each offset: what left no row is told by the record alone. */
function whyNotTold(noRow: NoRow | null): string {
  const which = 'Which of the four it was:'
  switch (noRow?.why) {
    case 'gone':
      return `${which} Kafka does not hold the record any more.`
    case 'either':
      return 'Whether it was a duplicate: the rows that could tell have gone.'
    case 'undecided':
      return `${which} by the rules of today the record would be stored.`
    default:
      return `${which} the record was not read from Kafka again.`
  }
}
