// Each row is a situation and what must be said of it; the order of the rules is tested where two apply at once.
import { describe, expect, it } from 'vitest'
import type { Facts, LocalPartition, SummaryFacts } from './facts.ts'
import { verdict } from './verdict.ts'

const healthy: SummaryFacts = {
  events: 17_611,
  deadLetters: 12,
  eventsPerSecond: 10.2,
  errorRate: 0.0016,
  lag: { messages: 2, seconds: 0.2, atLeast: false },
  newestEventAgeMs: 300,
  sampledAgeMs: 1_200,
  unsampledMs: 0,
  samplePeriodMs: 2_000,
  balanced: true,
  complaints: [],
  thresholds: { lagSeconds: 60, errorRate: 0.05, newestEventAgeSeconds: 60 },
}

const retried: LocalPartition = {
  consumer: 'consumer',
  topic: 'retail-events',
  partition: 2,
  offset: 1042,
  attempt: 4,
  nextAttemptAt: 106_200,
  lastError: 'STORE_BUSY: the store is locked',
}

interface Change {
  summary?: Partial<SummaryFacts> | null
  connection?: Partial<Facts['connection']>
  producer?: 'running' | 'paused' | 'off'
  partitions?: LocalPartition[]
  stalled?: Facts['stalled']
  slope?: number | null
}

function facts({ summary = {}, connection, producer, partitions = [], stalled = null, slope = null }: Change): Facts {
  return {
    now: 100_000,
    connection: { state: 'live', silentMs: 200, lostMs: 0, storeUnavailable: false, ...connection },
    summary: summary === null ? null : { ...healthy, ...summary },
    local: producer || partitions.length > 0 ? { producer: producer ?? 'running', partitions } : null,
    stalled,
    lagMessagesPerSecond: slope,
  }
}

const lost = { state: 'lost', silentMs: 41_000, lostMs: 30_000 } as const
const quiet = { eventsPerSecond: 0, newestEventAgeMs: 48_000, lag: { messages: 0, seconds: 0, atLeast: false } }
const behind = { lag: { messages: 4560, seconds: 38, atLeast: false }, newestEventAgeMs: 38_000 }
const nothing = {
  events: 0,
  deadLetters: 0,
  eventsPerSecond: 0,
  errorRate: null,
  newestEventAgeMs: null,
  lag: quiet.lag,
}

const table: [situation: string, change: Change, kind: string, tone: string, headline: RegExp][] = [
  ['all is well', {}, 'flowing', 'calm', /^Flowing\. 10\.2.events\/s, newest event under 1.s old\.$/],
  ['no word yet', { summary: null }, 'unknown', 'idle', /first numbers/],
  [
    'records are put aside in number',
    { summary: { errorRate: 0.12 } },
    'flowing',
    'warn',
    /12% of the records are put aside/,
  ],
  [
    'silence, and nobody knows the producer',
    { summary: quiet },
    'quiet',
    'idle',
    /^Quiet\. No event has come for 48.s\.$/,
  ],
  [
    'silence with the producer on',
    { summary: quiet, producer: 'running' },
    'quiet',
    'idle',
    /The producer is on, and no event/,
  ],
  ['silence past the alarm', { summary: { ...quiet, newestEventAgeMs: 52 * 60_000 } }, 'quiet', 'warn', /for 52.min/],
  [
    'the producer is paused',
    { summary: quiet, producer: 'paused' },
    'producer-stopped',
    'idle',
    /The producer is paused/,
  ],
  [
    'the producer was paused a moment ago, and its last events still count in the rate',
    { summary: { ...quiet, eventsPerSecond: 6, newestEventAgeMs: 3_000 }, producer: 'paused' },
    'producer-stopped',
    'idle',
    /paused.*3.s old/,
  ],
  [
    'real events come while the simulated shop is paused',
    { summary: { newestEventAgeMs: 400 }, producer: 'paused' },
    'flowing',
    'calm',
    /^Flowing/,
  ],
  [
    'behind and catching up',
    { summary: behind, slope: -38 },
    'catching-up',
    'warn',
    /by 38.s and catching up\. Done in about 2.min/,
  ],
  ['behind and growing', { summary: behind, slope: 12 }, 'falling-behind', 'warn', /^Falling behind, by 38.s now/],
  [
    'behind past the alarm',
    { summary: { ...behind, lag: { messages: 9000, seconds: 94, atLeast: true } }, slope: 12 },
    'falling-behind',
    'bad',
    /by at least 1.min 34.s/,
  ],
  ['behind, and too early to tell', { summary: behind }, 'falling-behind', 'warn', /^Behind by 38.s\.$/],
  [
    'a batch is retried',
    { partitions: [retried] },
    'stuck',
    'bad',
    /^Stuck at retail-events-2, offset 1,042\. Attempt 4\.$/,
  ],
  [
    'a commit stands still on a stage that tells nothing of its mapping',
    { stalled: { topic: 'retail-events', partition: 1, offset: 77, forMs: 40_000 } },
    'stuck',
    'bad',
    /^Stuck at retail-events-1, offset 77\.$/,
  ],
  [
    'the first attempt runs',
    { partitions: [{ ...retried, attempt: 1, lastError: null }] },
    'flowing',
    'calm',
    /^Flowing/,
  ],
  [
    'the account does not balance',
    { summary: { balanced: false, complaints: ['retail-events-0: 3 offsets unseen'] } },
    'unbalanced',
    'bad',
    /does not balance/,
  ],
  [
    'the sampler died',
    { summary: { sampledAgeMs: 34_000 } },
    'unknown',
    'warn',
    /^Unknown\. The lag was last sampled 34.s ago/,
  ],
  [
    'the sampler never ran',
    { summary: { sampledAgeMs: null, unsampledMs: 11_000 } },
    'unknown',
    'warn',
    /never been sampled/,
  ],
  [
    'the pipeline has just started, and its first sample is due',
    { summary: { sampledAgeMs: null, unsampledMs: 1_500, lag: { messages: null, seconds: null, atLeast: false } } },
    'flowing',
    'calm',
    /^Flowing/,
  ],
  [
    'a slow sampler is late by less than 2.5 periods',
    { summary: { samplePeriodMs: 60_000, sampledAgeMs: 140_000 } },
    'flowing',
    'calm',
    /^Flowing/,
  ],
  ['nothing ever came', { summary: nothing }, 'empty', 'idle', /^No events yet\.$/],
  [
    'nothing ever came, and nothing will',
    { summary: nothing, producer: 'paused' },
    'empty',
    'idle',
    /The producer is paused/,
  ],
  [
    'only bad records ever came',
    { summary: { ...nothing, deadLetters: 3 } },
    'empty',
    'bad',
    /All 3 records were put aside/,
  ],
  [
    'the first records wait to be stored',
    { summary: { ...nothing, lag: { messages: 7, seconds: 1, atLeast: false } } },
    'empty',
    'idle',
    /on their way/,
  ],
  [
    'the store is down',
    { connection: { ...lost, storeUnavailable: true } },
    'store-unavailable',
    'bad',
    /store does not answer/,
  ],
  [
    'the page is cut off',
    { connection: lost },
    'disconnected',
    'idle',
    /^You are disconnected\. What you see is 41.s old\.$/,
  ],
  ['a reconnect of a moment', { connection: { ...lost, silentMs: 900, lostMs: 900 } }, 'flowing', 'calm', /^Flowing/],
]

describe('the verdict', () => {
  it.each(table)('%s', (_, change, kind, tone, headline) => {
    const said = verdict(facts(change))
    expect({ kind: said.kind, tone: said.tone }).toEqual({ kind, tone })
    expect(said.headline).toMatch(headline)
    expect(said.next).not.toBe('')
    expect(said.evidence.length).toBeLessThanOrEqual(4)
  })

  it('never reads as fresh while the newest event is old, whatever the rate: a replay of last month', () => {
    const said = verdict(facts({ summary: { eventsPerSecond: 5_000, newestEventAgeMs: 31 * 86_400_000 } }))
    expect(said.kind).toBe('catching-up')
    expect(said.headline).toMatch(/^Old events are arriving\. The newest is 31.d old\.$/)
  })

  it('names the attempt, the error and the wait, and counts down', () => {
    const said = verdict(facts({ partitions: [retried] }))
    expect(said.evidence[0]).toBe('STORE_BUSY: the store is locked in consumer')
    expect(said.next).toContain('Next try in 7\u00a0s.')
  })

  it('does not say that nothing waits while a batch is held, though the last sample said so', () => {
    const said = verdict(facts({ summary: quiet, partitions: [retried] }))
    expect(said.kind).toBe('stuck')
    expect(said.evidence.join()).not.toContain('wait')
  })

  it('offers to start the producer where that is the cause, and nowhere else', () => {
    const offered = table.filter(([, change]) => verdict(facts(change)).actions.includes('start-producer'))
    expect(offered.map(([, change]) => change.producer)).toEqual(['paused', 'paused', 'paused'])
  })

  /** From the strongest to the weakest; of two that apply, the stronger must be said. */
  const ladder: [kind: string, change: Change][] = [
    ['disconnected', { connection: lost }],
    ['stuck', { partitions: [retried] }],
    ['unbalanced', { summary: { balanced: false } }],
    ['unknown', { summary: { sampledAgeMs: 60_000 } }],
    ['catching-up', { summary: { lag: behind.lag }, slope: -38 }],
    ['quiet', { summary: { eventsPerSecond: 0, newestEventAgeMs: 48_000 } }],
  ]
  const pairs = ladder.flatMap(([kind, strong], i) =>
    ladder.slice(i + 1).map(([weak, other]) => ({ kind, strong, weak, other })),
  )

  it.each(pairs)('says $kind rather than $weak when both apply', ({ kind, strong, other }) => {
    const both = { ...other, ...strong, summary: { ...other.summary, ...strong.summary } }
    expect(verdict(facts(both)).kind).toBe(kind)
  })
})
