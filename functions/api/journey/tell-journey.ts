// A record's journey from what is known of it: what happened, when, and what nobody kept. Pure.
import { spansBetween } from '../../store/spans.ts'
import { attemptRow } from '../redrive-rows.ts'
import { eventRow, liveDeadLetter } from '../rows.ts'
import type { Journey, JourneyOutcome, JourneyStep } from '../schemas/journey.ts'
import type { InFlight, JourneyFacts } from './read-journey.ts'
import { outcomeSentence, unknownSentences } from './words.ts'

const iso = (ms: number) => new Date(ms).toISOString()

/** `timeZone`: where days of business figures begin and end. */
export function tellJourney(facts: JourneyFacts, timeZone: string): Journey {
  const { place, found, account, sample, inFlight } = facts
  const outcome = outcomeOf(facts)
  const letter = found?.deadLetter
  return {
    ...place,
    outcome,
    summary: outcomeSentence(outcome, facts),
    steps: stepsOf(outcome, facts),
    event: found?.event ? eventRow(found.event) : null,
    deadLetter: letter ? { ...liveDeadLetter(letter), state: letter.state, attempts: letter.attempts } : null,
    batch: found && batchOf(found.batch),
    attempts: inFlight && attemptsOf(inFlight),
    pastAttempts: facts.pastAttempts ?? null,
    trail: facts.trail.map(attemptRow),
    rollups: rollupsOf(facts, timeZone),
    account: account
      ? {
          epoch: found?.epoch ?? account.epoch,
          startOffset: account.startOffset,
          nextOffset: account.nextOffset,
          committedOffset: sample?.committedOffset ?? null,
          endOffset: sample?.endOffset ?? null,
        }
      : null,
    unknown: unknownSentences(outcome, facts),
  }
}

const told = ['noise', 'duplicate', 'expired', 'erased'] as const

export function outcomeOf({ place, found, account, explained, sample, noRow }: JourneyFacts): JourneyOutcome {
  const { offset } = place
  if (found?.event) return 'stored'
  if (found?.deadLetter) return 'dead-letter'
  if (noRow) return told.find((outcome) => outcome === noRow.why) ?? 'accounted'
  if (explained) return 'explained'
  if (sample && offset >= sample.endOffset) return 'not-written'
  const committed = sample?.committedOffset ?? null
  if (account && committed !== null && offset < committed && offset >= account.startOffset) return 'unseen'
  // Without a commit the group begins at the log's start.
  if (sample && offset >= Math.max(committed ?? 0, sample.logStartOffset)) return 'waiting'
  return 'unknown'
}

function stepsOf(outcome: JourneyOutcome, facts: JourneyFacts): JourneyStep[] {
  const { found, sample, explained, noRow } = facts
  const isOpen = outcome === 'waiting' || outcome === 'not-written'
  const isSettled = found !== null || noRow !== null || outcome === 'explained'
  const recordMs = found?.event?.record_ms ?? found?.deadLetter?.record_ms ?? noRow?.recordMs ?? null
  const producedAt = found?.event?.timestamp ?? noRow?.event?.timestamp
  const isInLog = sample !== undefined && facts.place.offset < sample.endOffset
  return [
    producedAt !== undefined
      ? step('produced', 'done', producedAt, "The producer's own time, as the event carries it.")
      : step(
          'produced',
          outcome === 'not-written' ? 'open' : 'unknown',
          null,
          'No event with a time of its own is kept.',
        ),
    recordMs !== null
      ? step('appended', 'done', iso(recordMs), "Kafka's timestamp of the record.")
      : step(
          'appended',
          outcome === 'not-written' ? 'open' : isInLog || isSettled ? 'done' : 'unknown',
          null,
          outcome === 'not-written' ? 'The log does not reach there yet.' : 'When is kept in Kafka only.',
        ),
    deliveredStep(outcome, facts),
    found
      ? step('settled', 'done', iso(found.batch.arrivedMs), settledText(facts))
      : step(
          'settled',
          isOpen ? 'open' : isSettled ? 'done' : 'unknown',
          null,
          explained ? `The group passed it: ${explained}.` : outcomeSentence(outcome, facts),
        ),
    countedStep(outcome, facts),
  ]
}

function deliveredStep(outcome: JourneyOutcome, { found, noRow, inFlight, pastAttempts }: JourneyFacts): JourneyStep {
  if (inFlight) return step('delivered', 'open', null, `Attempt ${inFlight.attempt} of its batch: ${inFlight.phase}.`)
  if (found || noRow) {
    if (!pastAttempts) {
      return step('delivered', 'done', null, 'Handed to the consumer; how often, and when first, is not kept.')
    }
    const { count, lastError } = pastAttempts
    const text = `Handed to the consumer ${count} times${lastError ? `, after ${lastError}` : ''}.`
    return step('delivered', 'done', null, text)
  }
  if (outcome === 'explained') return step('delivered', 'done', null, 'There was nothing to hand to the consumer.')
  return step(
    'delivered',
    outcome === 'waiting' || outcome === 'not-written' ? 'open' : 'unknown',
    null,
    'Not known to be.',
  )
}

function countedStep(outcome: JourneyOutcome, { found, noRow }: JourneyFacts): JourneyStep {
  if (found?.event) return step('counted', 'done', iso(found.batch.arrivedMs), 'In the transaction that stored it.')
  if (found)
    return step('counted', 'done', iso(found.batch.arrivedMs), 'As a dead letter of its second; in no business figure.')
  if (outcome === 'explained') return step('counted', 'done', null, 'In no figure.')
  if (outcome === 'noise' || outcome === 'duplicate') return step('counted', 'done', null, 'In the account alone.')
  if (outcome === 'expired' && !noRow?.code) {
    return step('counted', 'done', null, 'It stays in the figures by hour and day.')
  }
  if (noRow) {
    return step('counted', 'unknown', null, 'An expired event stays in the figures; noise and duplicates are in none.')
  }
  return step('counted', outcome === 'waiting' || outcome === 'not-written' ? 'open' : 'unknown', null, 'Not counted.')
}

function settledText({ found, place }: JourneyFacts): string {
  if (found?.event) return `Stored as number ${found.event.seq}.`
  const letter = found?.deadLetter
  const isOwn = letter?.topic === place.topic && letter.partition === place.partition && letter.offset === place.offset
  return isOwn
    ? `Put aside as number ${letter.seq}: ${letter.code}.`
    : `Sent for dead letter ${letter?.seq}, and failed again.`
}

function step(name: JourneyStep['name'], state: JourneyStep['state'], at: string | null, text: string): JourneyStep {
  return { name, state, at, text }
}

function batchOf({ arrivedMs, ...batch }: NonNullable<JourneyFacts['found']>['batch']): Journey['batch'] {
  return { at: iso(arrivedMs), ...batch }
}

function attemptsOf({ attempt, phase, lastError, nextAttemptAt }: InFlight): Journey['attempts'] {
  return { count: attempt, phase, lastError, nextAt: nextAttemptAt === null ? null : iso(nextAttemptAt) }
}

function rollupsOf({ found }: JourneyFacts, timeZone: string): Journey['rollups'] {
  if (!found) return []
  const second = Math.floor(found.batch.arrivedMs / 1000) * 1000
  const arrival = { unit: 'second' as const, by: 'arrival' as const, from: iso(second), to: iso(second + 1000) }
  if (!found.event) return [arrival]
  const eventMs = Date.parse(found.event.timestamp)
  const ofEvent = (['minute', 'hour', 'day'] as const).flatMap((unit) =>
    spansBetween(unit, { fromMs: eventMs, toMs: eventMs + 1 }, timeZone).map(({ from, to }) => ({
      unit,
      by: 'event time' as const,
      from: iso(from),
      to: iso(to),
    })),
  )
  return [arrival, ...ofEvent]
}
