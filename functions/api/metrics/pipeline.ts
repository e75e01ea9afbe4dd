// How the pipeline is, as Prometheus reads it: from the readings that the page has as well, so a scrape costs no scan.
import { Counter, Gauge, type Registry } from 'prom-client'
import { alertsOf } from '../../status/alerts.ts'
import type { DeadLetterGroup } from '../../store/redrives.ts'
import { summaryFacts } from '../readings/facts.ts'
import type { Health, Lag, Summary } from '../schemas.ts'

export interface PipelineReading {
  group: string
  summary: Summary
  health: Health
  lag: Lag
  deadLetters: DeadLetterGroup[]
  /** How long this API has been looking. */
  watchedMs: number
}

const place = ['group', 'topic', 'partition'] as const

/** Makes the metrics in the registry. The result sets them to a reading; null where the store does not answer. */
export function pipelineMetrics(registry: Registry): (reading: PipelineReading | null) => void {
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name: `freshet_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  // What the store has counted is told as it stands, so a restart of this process resets nothing.
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `freshet_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  // All but one carry a label: without any, a metric would stand at 0 while nothing is known.
  const metrics = {
    up: gauge('store_up', '1 while the store answers.', []),
    events: counter('events_stored_total', 'Events ever stored by the group.', ['group']),
    putAside: counter('dead_letters_total', 'Records ever put aside by the group.', ['group']),
    kept: gauge('dead_letters', 'Dead letters that are kept, by code and state.', ['group', 'code', 'state']),
    records: counter('records_total', 'Offsets accounted for, by what became of them.', [...place, 'outcome']),
    unseen: gauge('unseen_offsets', 'Committed offsets that are neither accounted for nor explained.', place),
    balanced: gauge('account_balanced', '1 while everything adds up, as far as it was looked.', ['group']),
    lagMessages: gauge('lag_messages', 'Messages that the group has still to read.', place),
    lagSeconds: gauge('lag_seconds', 'Seconds since the end of the log passed the committed offset.', place),
    lost: gauge('lost_messages', 'Messages that retention took before they were read.', place),
    sampleAge: gauge('lag_sample_age_seconds', 'Seconds since the offsets were last sampled.', ['group']),
    newestAge: gauge('newest_event_age_seconds', 'Age of the newest stored event, in seconds.', ['group']),
    perSecond: gauge('events_per_second', 'Events newly stored, over the last ten whole seconds.', ['group']),
    errorRatio: gauge('error_ratio', 'New dead letters among all that arrived in five minutes, 0 to 1.', ['group']),
    alert: gauge('alert_firing', '1 while the alert fires; absent while it is unknown.', ['alert']),
  }

  return (reading) => {
    for (const metric of Object.values(metrics)) metric.reset()
    metrics.up.set(reading ? 1 : 0)
    if (!reading) return
    const { group, summary, health, lag, deadLetters, watchedMs } = reading
    metrics.events.inc({ group }, summary.events)
    metrics.putAside.inc({ group }, summary.deadLetters)
    metrics.balanced.set({ group }, summary.balanced ? 1 : 0)
    metrics.perSecond.set({ group }, summary.eventsPerSecond)
    if (summary.errorRate !== null) metrics.errorRatio.set({ group }, summary.errorRate)
    if (summary.newestEventAgeMs !== null) metrics.newestAge.set({ group }, summary.newestEventAgeMs / 1000)
    if (summary.sampledAt !== null)
      metrics.sampleAge.set({ group }, Math.max(0, summary.now - summary.sampledAt) / 1000)
    for (const { code, open, resolved, discarded } of deadLetters) {
      for (const [state, count] of Object.entries({ open, resolved, discarded })) {
        metrics.kept.set({ group, code, state }, count)
      }
    }
    for (const { group, topic, partition, unseen, ...row } of health.accounts) {
      const { stored, duplicates, noise, deadLetters, redelivered } = row
      const outcomes = { stored, duplicate: duplicates, noise, dead_letter: deadLetters, redelivered }
      for (const [outcome, count] of Object.entries(outcomes)) {
        metrics.records.inc({ group, topic, partition, outcome }, count)
      }
      metrics.unseen.set({ group, topic, partition }, unseen)
    }
    for (const { group, topic, partitions } of lag.groups) {
      for (const { partition, messages, seconds, lost } of partitions) {
        metrics.lagMessages.set({ group, topic, partition }, messages)
        if (seconds !== null) metrics.lagSeconds.set({ group, topic, partition }, seconds)
        metrics.lost.set({ group, topic, partition }, lost)
      }
    }
    for (const { name, state } of alertsOf(summaryFacts(summary, watchedMs))) {
      if (state !== 'unknown') metrics.alert.set({ alert: name }, state === 'firing' ? 1 : 0)
    }
  }
}
