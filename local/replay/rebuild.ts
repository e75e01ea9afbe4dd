// Rebuilds a group's figures from the topic, beside those that are served, and tells what came of it.
import type { KafkaConfig } from 'kafkajs'
import { eventRulesOf } from '../../functions/business.ts'
import { classifier } from '../../functions/events/classify.ts'
import { openOffsets } from '../../functions/kafka/offsets.ts'
import { type LogRecord, readLog } from '../../functions/kafka/read-log.ts'
import { decodeText } from '../../functions/lambda/decode.ts'
import type { RebuildResult, RebuiltCounts, RebuiltEvent } from '../../functions/store/rebuilds.ts'
import type { Store } from '../../functions/store/store.ts'
import { pipelineEnvironment } from '../../infra/environment.ts'
import type { Progress } from '../terminal/progress.ts'

export interface RebuildParts {
  kafka: KafkaConfig
  store: Pick<Store, 'rebuilds'>
  group: string
  topic: string
  /** For the trail. */
  by: string
  progress: Progress
  now(): number
}

export interface Rebuilt {
  /** Records that were read from the topic. */
  records: number
  /** Events that only rows brought: Kafka does not hold them any more. */
  fromRows: number
  unknown: number
  result: RebuildResult
}

/** Events for each transaction, which holds up the group's batches for some milliseconds. */
const eventsPerStep = 1_000

/**
 * The figures of every event that the group has stored, from the topic as far as it reaches and from rows and sums
 * beyond. The old figures are served until all is done; where it fails, they stay.
 *
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED; REBUILD_GONE and STORE_* of the store
 */
export async function rebuildFigures(parts: RebuildParts): Promise<Rebuilt> {
  const { store, group, by, progress } = parts
  const { id, fences } = await store.rebuilds.begin({ group, by })
  try {
    const { records, unknown } = await addTopic(id, fences, parts)
    let fromRows = 0
    for (let after: number | null = 0; after !== null; ) {
      const page = await store.rebuilds.addRows({ id, after })
      fromRows += page.added
      after = page.after
    }
    return { records, fromRows, unknown, result: await store.rebuilds.finish({ id }) }
  } catch (error) {
    await store.rebuilds.cancel({ id }).catch(() => {})
    throw error
  } finally {
    progress.end()
  }
}

async function addTopic(
  id: number,
  fences: { topic: string; partition: number; nextOffset: number }[],
  { kafka, store, group, topic, progress, now }: RebuildParts,
): Promise<{ records: number; unknown: number }> {
  const toEvents = eventReader(now)
  const offsets = openOffsets(kafka)
  const bounds = await offsets.read(group, topic).finally(offsets.close)
  const stretches = bounds.map(({ partition, logStartOffset, endOffset }) => {
    const fence = fences.find((one) => one.topic === topic && one.partition === partition)?.nextOffset ?? 0
    return { topic, partition, from: logStartOffset, to: Math.min(fence, endOffset) }
  })
  const all = stretches.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
  const sum = { records: 0, unknown: 0 }
  let done = 0
  for (const stretch of stretches) {
    let at = stretch.from
    for await (const { records, readTo } of readLog(kafka, stretch)) {
      const { unknown } = await addEvents(id, records.flatMap(toEvents), store)
      sum.records += records.length
      sum.unknown += unknown
      done += readTo - at
      at = readTo
      const text = `${done.toLocaleString('en')} of ${all.toLocaleString('en')} records read`
      progress.show({ share: done / Math.max(1, all), text })
    }
  }
  return sum
}

async function addEvents(
  id: number,
  events: RebuiltEvent[],
  { rebuilds }: Pick<Store, 'rebuilds'>,
): Promise<Pick<RebuiltCounts, 'unknown'>> {
  let unknown = 0
  for (let from = 0; from < events.length; from += eventsPerStep) {
    unknown += (await rebuilds.add({ id, events: events.slice(from, from + eventsPerStep) })).unknown
  }
  return { unknown }
}

/** Judges a record by the consumers' own rules; only an event is of interest. */
export function eventReader(now: () => number): (record: LogRecord) => RebuiltEvent[] {
  const classify = classifier(eventRulesOf(pipelineEnvironment()))
  return ({ timestamp, value }) => {
    const classified = classify({ ...decodeText(value), recordMs: timestamp }, now())
    if (classified.kind !== 'event') return []
    const { event, contentHash } = classified
    return [{ event, contentHash, recordMs: timestamp }]
  }
}

const count = (value: number) => value.toLocaleString('en')
const hourText = (hour: number) => `${new Date(hour * 3_600_000).toISOString().slice(0, 13)}:00Z`

/** What came of it, in lines. */
export function describeRebuild({ records, fromRows, unknown, result }: Rebuilt): string[] {
  const { events, erased, carried, differing, differences } = result
  const told = (some: number, text: string) => (some > 0 ? [`  ${count(some)} ${text}`] : [])
  const range = carried && `${hourText(carried.firstHour)} to ${hourText(carried.lastHour)}`
  return [
    `${count(events)} events are counted anew; ${count(records)} records were read`,
    ...told(fromRows, 'of them Kafka no longer holds; their rows were'),
    ...told(carried?.events ?? 0, `more are carried over as sums: neither Kafka nor rows hold them (${range})`),
    ...told(erased, 'of users who were erased since are left out'),
    ...told(unknown, 'would be events by now, and are not stored: a replay is for them'),
    differing === 0 ? 'nothing differs' : `${count(differing)} figures came out otherwise and were corrected:`,
    ...differences.slice(0, 20).map(({ hour, eventType, region, amountBucket, events, amountCents }) => {
      const change = ({ before, after }: { before: number; after: number }) => `${count(before)} -> ${count(after)}`
      const what = `${hourText(hour)} ${eventType} ${region ?? 'without a region'} ${amountBucket}`
      return `  ${what}: ${change(events)} events, ${change(amountCents)} cents`
    }),
    ...(differing > 20 ? ['  ...'] : []),
  ]
}
