// What will not mend by itself, or makes everything else unknowable.
import type { Facts, LocalPartition, SummaryFacts, Verdict } from './facts.ts'
import { newestWords } from './phrases.ts'
import { age, count, counted, rate, span } from './words.ts'

/** A page that was cut off for less says nothing: most reconnects are over by then. */
const disconnectedMs = 2_000

export function connecting(): Verdict {
  return {
    kind: 'unknown',
    tone: 'idle',
    headline: 'Asking for the first numbers.',
    short: 'connecting',
    evidence: [],
    next: 'This takes under a second when the pipeline is up.',
    actions: [],
  }
}

export function disconnected({ connection, summary }: Facts): Verdict | null {
  if (connection.state !== 'lost' || connection.storeUnavailable || connection.lostMs < disconnectedMs) return null
  const silent = connection.silentMs
  return {
    kind: 'disconnected',
    tone: 'idle',
    headline:
      silent === null
        ? 'You are disconnected. Nothing has been heard yet.'
        : `You are disconnected. What you see is ${age(silent)} old.`,
    short: silent === null ? 'disconnected' : `disconnected ${age(silent)}`,
    evidence: [
      ...(summary ? [`Last word: ${rate(summary.eventsPerSecond)}\u00a0events/s`] : []),
      'this page cannot know what has happened since',
    ],
    next: 'It tries again by itself. If it lasts: is the pipeline still running?',
    actions: [],
  }
}

export function storeUnavailable({ connection, summary }: Facts): Verdict | null {
  if (!connection.storeUnavailable) return null
  return {
    kind: 'store-unavailable',
    tone: 'bad',
    headline: 'The store does not answer.',
    short: 'STORE UNAVAILABLE',
    evidence: [
      'The API answers, and says that its store does not',
      'nothing is lost: batches are retried until they are stored',
      ...(summary ? [`last known: ${counted(summary.events, 'event')}`] : []),
    ],
    next: 'See that the store runs, can be written and has space. This page tries again by itself.',
    actions: [],
  }
}

/** A mapping that tells us so itself: the batch failed, and is tried again. */
export function stuck({ local, summary, now, connection }: Facts): Verdict | null {
  if (connection.state !== 'live') return null
  const held = (local?.partitions ?? []).filter((each) => each.attempt > 1 && each.lastError !== null)
  const worst = held.sort((a, b) => b.attempt - a.attempt)[0]
  if (!worst) return null
  const waiting = summary?.lag.messages ?? null
  const others = held.length - 1
  return {
    kind: 'stuck',
    tone: 'bad',
    headline: `Stuck at ${place(worst)}. Attempt ${count(worst.attempt)}.`,
    short: `STUCK ${worst.topic}-${worst.partition}`,
    evidence: [
      `${worst.lastError} in ${worst.consumer}`,
      // A sample that says 0 is older than the trouble: the batch itself waits.
      ...(waiting ? [`${counted(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'}`] : []),
      ...(others > 0 ? [`${counted(others, 'other partition')} ${others === 1 ? 'is' : 'are'} retried too`] : []),
      ...(summary && !summary.balanced ? ['the account does not balance'] : []),
    ],
    next: `${nextTry(worst, now)} It goes on until the batch succeeds; nothing is skipped.`,
    actions: [],
  }
}

function place({ topic, partition, offset }: LocalPartition): string {
  return offset === null ? `${topic}-${partition}` : `${topic}-${partition}, offset ${count(offset)}`
}

function nextTry({ nextAttemptAt }: LocalPartition, now: number): string {
  if (nextAttemptAt === null || nextAttemptAt <= now) return 'It is being tried now.'
  return `Next try in ${Math.ceil((nextAttemptAt - now) / 1000)}\u00a0s.`
}

/** The same seen from outside: messages wait and the commit stands still. */
export function stalled({ stalled, connection }: Facts, summary: SummaryFacts): Verdict | null {
  if (stalled === null || connection.state !== 'live') return null
  return {
    kind: 'stuck',
    tone: 'bad',
    headline: `Stuck at ${stalled.topic}-${stalled.partition}, offset ${count(stalled.offset)}.`,
    short: `STUCK ${stalled.topic}-${stalled.partition}`,
    evidence: [
      `The commit has not moved for ${span(stalled.forMs)}`,
      ...(summary.lag.messages === null ? [] : [`${counted(summary.lag.messages, 'message')} wait`]),
      ...(summary.balanced ? [] : ['the account does not balance']),
    ],
    next: 'See the consumer: is it running, and what does its log say about this offset?',
    actions: [],
  }
}

export function unbalanced(summary: SummaryFacts): Verdict | null {
  if (summary.balanced) return null
  const [first, ...rest] = summary.complaints
  return {
    kind: 'unbalanced',
    tone: 'bad',
    headline: 'The account does not balance.',
    short: 'UNBALANCED',
    evidence: [first ?? 'Offsets and rows do not add up', ...rest.slice(0, 2)],
    next: 'Compare /api/health with the consumer’s log: the named offsets were committed, but not accounted for.',
    actions: [],
  }
}

/** A dead sampler must not read as "no lag": what it last said may be long untrue. */
export function samplerSilent(summary: SummaryFacts): Verdict | null {
  const patienceMs = Math.max(10_000, 2.5 * summary.samplePeriodMs)
  if (summary.sampledAgeMs === null) {
    const nothingToLag = summary.events + summary.deadLetters === 0
    return nothingToLag || summary.unsampledMs <= patienceMs ? null : unknown('Lag has never been sampled.', summary)
  }
  if (summary.sampledAgeMs <= patienceMs) return null
  return unknown(`The lag was last sampled ${span(summary.sampledAgeMs)} ago.`, summary)
}

function unknown(why: string, summary: SummaryFacts): Verdict {
  return {
    kind: 'unknown',
    tone: 'warn',
    headline: `Unknown. ${why}`,
    short: 'unknown, sampler silent',
    evidence: [
      `It is due every ${span(summary.samplePeriodMs)}`,
      `${rate(summary.eventsPerSecond)}\u00a0events/s are stored`,
      newestWords(summary),
    ],
    next: 'See that the lag function runs and reaches the brokers.',
    actions: [],
  }
}
