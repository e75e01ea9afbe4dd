// What moves, how late it is, and why nothing does.
import type { Facts, SummaryFacts, Verdict } from './facts.ts'
import { errorsHigh, errorWords, lagWords, newestWords } from './phrases.ts'
import { age, count, counted, rate, share, span } from './words.ts'

/** Silence for longer is "quiet". Our choice: ten whole seconds, the window of eventsPerSecond. */
const quietMs = 10_000
/** A lag above this is worth the headline, unless the pipeline's own alarm is stricter. Our choice. */
const behindSeconds = 10
/** A paused producer is a cause we know, so it is named sooner than silence is. */
const producerStoppedMs = 2_000

export function empty({ local }: Facts, summary: SummaryFacts): Verdict | null {
  if (summary.events > 0 || (summary.lag.messages ?? 0) > 0) return null
  if (summary.deadLetters > 0) {
    return {
      kind: 'empty',
      tone: 'bad',
      headline: `No event yet. ${summary.deadLetters === 1 ? 'The only record was' : `All ${count(summary.deadLetters)} records were`} put aside.`,
      short: 'only dead letters',
      evidence: ['Every record that came was a dead letter', 'the reasons stand below'],
      next: 'Read the reason of the newest dead letter, and mend what produces it.',
      actions: [],
    }
  }
  const paused = local?.producer === 'paused'
  return {
    kind: 'empty',
    tone: 'idle',
    headline: paused ? 'No events yet. The producer is paused.' : 'No events yet.',
    short: 'no events yet',
    evidence: [
      'The store answers, and is empty',
      summary.sampledAgeMs === null ? 'lag was not sampled yet' : 'nothing waits',
    ],
    next: paused
      ? 'Start the producer, or send an event of your own.'
      : 'Send an event: POST /api/events, or any Kafka client.',
    actions: paused ? ['start-producer'] : [],
  }
}

export function behind({ lagMessagesPerSecond: slope }: Facts, summary: SummaryFacts): Verdict | null {
  const { messages, seconds, atLeast } = summary.lag
  if (messages === null || seconds === null || messages === 0) return null
  if (seconds < Math.min(behindSeconds, summary.thresholds.lagSeconds)) return null
  const by = `${atLeast ? 'at least ' : ''}${span(seconds * 1000)}`
  const evidence = [
    `${counted(messages, 'message')} wait`,
    `${rate(summary.eventsPerSecond)}\u00a0events/s are stored`,
    ...(slope === null ? [] : [`the backlog ${slope < 0 ? 'shrinks' : 'grows'} by ${rate(Math.abs(slope))}/s`]),
  ]
  if (slope !== null && slope < 0) {
    const left = span((messages / -slope) * 1000)
    return {
      kind: 'catching-up',
      tone: 'warn',
      headline: `Behind by ${by} and catching up. Done in about ${left}.`,
      short: `behind ${by}`,
      evidence,
      next: `Nothing to do, if ${left} is fine.`,
      actions: [],
    }
  }
  return {
    kind: 'falling-behind',
    tone: seconds >= summary.thresholds.lagSeconds ? 'bad' : 'warn',
    headline: slope === null || slope === 0 ? `Behind by ${by}.` : `Falling behind, by ${by} now.`,
    short: `BEHIND ${by}`,
    evidence,
    next: 'More comes in than is stored. See what the consumer waits for, or give it more room.',
    actions: [],
  }
}

/** Messages wait and none is stored yet: a start, not health. */
export function first(summary: SummaryFacts): Verdict | null {
  if (summary.newestEventAgeMs !== null) return null
  return {
    kind: 'empty',
    tone: 'idle',
    headline: 'No event stored yet. The first are on their way.',
    short: 'no events yet',
    evidence: [lagWords(summary), errorWords(summary)],
    next: 'Wait a moment. If nothing comes, see the consumer’s log.',
    actions: [],
  }
}

/** No new events. Why is it quiet? Silence is never shown as health, nor as failure. */
export function silent({ local }: Facts, summary: SummaryFacts): Verdict | null {
  const ageMs = summary.newestEventAgeMs
  const paused = local?.producer === 'paused'
  const arriving = summary.eventsPerSecond > 0
  if (ageMs === null || ageMs < (paused ? producerStoppedMs : quietMs)) return null
  // New rows with an old newest event are a replay, not silence. With the producer paused, the last seconds linger in the rate.
  if (arriving && !(paused && ageMs < quietMs * 1.5)) return null
  const evidence = [lagWords(summary), errorWords(summary), 'the account balances']
  if (paused) {
    return {
      kind: 'producer-stopped',
      tone: 'idle',
      headline: `The producer is paused. The newest event is ${age(ageMs)} old.`,
      short: 'producer paused',
      evidence,
      next: 'Start the producer, or send an event of your own.',
      actions: ['start-producer'],
    }
  }
  return {
    kind: 'quiet',
    tone: ageMs > summary.thresholds.newestEventAgeSeconds * 1000 || errorsHigh(summary) ? 'warn' : 'idle',
    headline:
      local?.producer === 'running'
        ? `Quiet. The producer is on, and no event has come for ${age(ageMs)}.`
        : `Quiet. No event has come for ${age(ageMs)}.`,
    short: `quiet ${age(ageMs)}`,
    evidence,
    next:
      local?.producer === 'running'
        ? 'See the producer: it says it runs, and nothing arrives.'
        : 'Nothing waits here, so look at what produces: the silence comes from there.',
    actions: [],
  }
}

/** Rows arrive, but their records are old: a replay of last month must not read as fresh. */
export function old(summary: SummaryFacts): Verdict | null {
  const ageMs = summary.newestEventAgeMs
  if (ageMs === null || ageMs < quietMs) return null
  return {
    kind: 'catching-up',
    tone: 'warn',
    headline: `Old events are arriving. The newest is ${span(ageMs)} old.`,
    short: `old events, ${span(ageMs)}`,
    evidence: [
      `${rate(summary.eventsPerSecond)}\u00a0events/s are stored`,
      lagWords(summary),
      'age counts from the record’s own time in Kafka',
    ],
    next: 'Expected during a replay. Otherwise, see the clock of what produces.',
    actions: [],
  }
}

export function flowing({ local }: Facts, summary: SummaryFacts): Verdict {
  const alarmed = errorsHigh(summary)
  const flow = `${rate(summary.eventsPerSecond)}\u00a0events/s`
  return {
    kind: 'flowing',
    tone: alarmed ? 'warn' : 'calm',
    headline: alarmed
      ? `Flowing, but ${share(summary.errorRate ?? 0)} of the records are put aside.`
      : `Flowing. ${flow}, ${newestWords(summary)}.`,
    short: `flowing ${rate(summary.eventsPerSecond)}/s`,
    evidence: [
      ...(alarmed ? [flow] : []),
      lagWords(summary),
      errorWords(summary),
      'the account balances',
      ...(local?.producer === 'paused' ? ['the producer is paused'] : []),
    ].slice(0, 4),
    next: alarmed ? 'Read the reasons among the dead letters.' : 'Nothing needs you.',
    actions: [],
  }
}
