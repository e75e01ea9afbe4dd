// Alerts fire where the panels draw their lines, and never take ignorance for health.
import { expect, test } from 'vitest'
import { type Alert, alertsOf } from './alerts.ts'
import type { SummaryFacts } from './facts.ts'
import { lagTrend } from './lag-trend.ts'

const well: SummaryFacts = {
  events: 10,
  deadLetters: 0,
  eventsPerSecond: 1,
  errorRate: 0,
  lag: { messages: 0, seconds: 0, atLeast: false },
  newestEventAgeMs: 500,
  sampledAgeMs: 1_000,
  unsampledMs: 0,
  samplePeriodMs: 2_000,
  balanced: true,
  complaints: [],
  thresholds: { lagSeconds: 60, errorRate: 0.05, newestEventAgeSeconds: 60 },
}
const alert = (name: Alert['name'], facts: Partial<SummaryFacts>) =>
  alertsOf({ ...well, ...facts }).find((one) => one.name === name)
const state = (name: Alert['name'], facts: Partial<SummaryFacts>) => alert(name, facts)?.state

test('all is well when all is well', () => {
  expect(alertsOf(well).map(({ name, state }) => `${name} ${state}`)).toEqual([
    'lag ok',
    'error-rate ok',
    'newest-event-age ok',
    'account ok',
    'sampler ok',
  ])
})

test('lag fires at its threshold, and is unknown while nobody looks', () => {
  const lag = (seconds: number | null) => ({ lag: { messages: seconds, seconds, atLeast: false } })
  expect([state('lag', lag(59.9)), state('lag', lag(60)), state('lag', lag(null))]).toEqual(['ok', 'firing', 'unknown'])
  expect(state('lag', { ...lag(90), sampledAgeMs: 10_001 })).toBe('unknown')
  expect(alert('lag', { lag: { messages: 3, seconds: 94, atLeast: true } })).toMatchObject({
    value: 94,
    threshold: 60,
    unit: 'seconds',
    text: 'The consumer is at least 1\u00a0min 34\u00a0s behind.',
  })
})

test('the error rate fires at its threshold, and is unknown when nothing arrives', () => {
  const rates = [0.049, 0.05, 0, null].map((errorRate) => state('error-rate', { errorRate }))
  expect(rates).toEqual(['ok', 'firing', 'ok', 'unknown'])
  expect(state('error-rate', { errorRate: 0, thresholds: { ...well.thresholds, errorRate: 0 } })).toBe('ok')
})

test('an old newest event fires beyond its threshold, an empty store does not', () => {
  const ages = [60_000, 60_001, null].map((newestEventAgeMs) => state('newest-event-age', { newestEventAgeMs }))
  expect(ages).toEqual(['ok', 'firing', 'unknown'])
})

test('an account that does not balance fires, and names the first complaint', () => {
  const fired = alert('account', { balanced: false, complaints: ['x-0 lacks 3 rows', 'y'] })
  expect(fired).toMatchObject({ state: 'firing', value: 2, text: '2\u00a0complaints: x-0 lacks 3 rows.' })
})

test('a sampler is silent after 2.5 periods, yet not before ten seconds', () => {
  expect([10_000, 10_001].map((sampledAgeMs) => state('sampler', { sampledAgeMs }))).toEqual(['ok', 'firing'])
  const slow = { samplePeriodMs: 60_000 }
  expect([150_000, 150_001].map((sampledAgeMs) => state('sampler', { ...slow, sampledAgeMs }))).toEqual([
    'ok',
    'firing',
  ])
  const never = [10_000, 10_001].map((unsampledMs) => state('sampler', { sampledAgeMs: null, unsampledMs }))
  expect(never).toEqual(['unknown', 'firing'])
})

const sampled = (...behind: number[]) =>
  behind.map((messages, index) => ({
    at: index * 2_000,
    logStartOffset: 0,
    endOffset: 1_000,
    committedOffset: 1_000 - messages,
  }))

test('a backlog that shrinks says when it will be done', () => {
  expect(lagTrend(sampled(500, 400, 300, 200), 2_000)).toEqual({ messagesPerSecond: -50, etaSeconds: 4 })
})

test('a backlog that grows or stands still is never done', () => {
  expect(lagTrend(sampled(100, 200, 300), 2_000)).toEqual({ messagesPerSecond: 50, etaSeconds: null })
  expect(lagTrend(sampled(100, 100, 100), 2_000)).toEqual({ messagesPerSecond: 0, etaSeconds: null })
})

test('without a backlog nothing is to be done, and with few samples nobody can tell', () => {
  expect(lagTrend(sampled(0), 2_000)).toEqual({ messagesPerSecond: null, etaSeconds: 0 })
  expect(lagTrend(sampled(5, 3), 2_000)).toEqual({ messagesPerSecond: null, etaSeconds: null })
  expect(lagTrend([], 2_000)).toEqual({ messagesPerSecond: null, etaSeconds: null })
})

test('only the last half minute counts', () => {
  const old = [0, 0, 0].map((messages, index) => ({
    at: index - 90_000,
    logStartOffset: 0,
    endOffset: 0,
    committedOffset: -messages,
  }))
  expect(lagTrend([...old, ...sampled(400, 300, 200)], 2_000)).toEqual({ messagesPerSecond: -50, etaSeconds: 4 })
})
