// What a person is told of the things that happen in an event source mapping.
import { errorTable } from '../../functions/errors.ts'
import type { Happening, OffsetsByPartition } from '../event-source-mapping/happening.ts'
import { lostOffsets } from '../event-source-mapping/metrics.ts'
import type { SystemLogEvent } from '../event-source-mapping/system-log.ts'
import type { BatchLine } from './lines.ts'

export interface Sentence {
  part: string
  text: string
  tone: 'plain' | 'good' | 'warn' | 'bad'
}

/** Only what a person should look at; every happening is in the log. */
export function happeningSentence(happening: Happening): Sentence | null {
  const told = describe(happening)
  return told && { part: 'mapping', ...told }
}

/** What went wrong is told by a happening already; where things stand by this alone, if the mapping's log level asks for it. */
export function systemLogSentence(event: SystemLogEvent): Sentence | null {
  const say = (detail: object) => ({
    part: 'mapping',
    text: `${event.eventType} ${JSON.stringify(detail)}`,
    tone: 'plain' as const,
  })
  if (event.eventType === 'POLLER_STATUS_EVENT') return say(event.kafkaEventSourceConnection)
  return event.eventType === 'KAFKA_STATUS_EVENT' ? say(event.kafkaPartitionOffsets) : null
}

function describe(happening: Happening): Omit<Sentence, 'part'> | null {
  switch (happening.type) {
    case 'retry': {
      const wait = `attempt ${happening.attempt}, next in ${seconds(happening.delayMs)}`
      return { text: `${partitionsOf(happening.records)}   ${wait}: ${withHint(happening.error)}`, tone: 'warn' }
    }
    case 'bisect': {
      const [first, second] = happening.into.map(countOf)
      const halves = `cut into ${first} and ${second} records, next in ${seconds(happening.delayMs)}`
      return { text: `${partitionsOf(happening.records)}   ${halves}: ${withHint(happening.error)}`, tone: 'warn' }
    }
    case 'poll-error':
      return { text: `Kafka: ${happening.error}, next try in ${happening.delayMs} ms`, tone: 'warn' }
    case 'commit-error':
      return { text: `commit: ${happening.error}; it is tried again`, tone: 'warn' }
    case 'onFailure':
      return {
        text: `${countOf(happening.records)} records given up, at ${happening.destination}: ${happening.condition}`,
        tone: 'warn',
      }
    case 'dropped': {
      const undelivered = happening.deliveryError === undefined ? '' : `, and not delivered: ${happening.deliveryError}`
      const where = Object.entries(happening.records).map(([key, offsets]) => `${key} at ${rangeOf(offsets)}`)
      return {
        text: `dropped ${where.join(', ')}: ${happening.reason}: ${happening.detail}${undelivered}`,
        tone: 'bad',
      }
    }
    case 'out-of-range': {
      const from = happening.from === null ? 'its position' : `offset ${happening.from}`
      const lost = lostOffsets(happening)
      const deleted = lost > 0 ? `, ${lost} offsets were deleted unread` : ''
      return {
        text: `${happening.partition}: ${from} is not in Kafka any more; reading goes on at ${happening.to}${deleted}`,
        tone: 'bad',
      }
    }
    default:
      return null
  }
}

/** The line of a batch that was answered. `answer` may count dead letters and what was seen before, as the consumer's does. */
export function batchLine(result: Extract<Happening, { type: 'result' }>, answer: string): BatchLine {
  const counts = readJson(answer) as { deadLetters?: number; redelivered?: number }
  return {
    source: partitionsOf(result.records),
    records: countOf(result.records),
    deadLetters: counts.deadLetters ?? 0,
    redelivered: counts.redelivered ?? 0,
    durationMs: result.durationMs,
  }
}

/** Adds what to do where the text begins with a code of ours. */
export function withHint(text: string): string {
  const code = Object.keys(errorTable).find((candidate) => text.includes(`${candidate}:`)) as
    | keyof typeof errorTable
    | undefined
  return code ? `${text}, hint: ${errorTable[code].hint}` : text
}

export function readJson(text: string): object {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    return {}
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const partitionsOf = (records: OffsetsByPartition): string => Object.keys(records).join(' ')
const countOf = (records: OffsetsByPartition): number =>
  Object.values(records).reduce((sum, offsets) => sum + offsets.length, 0)
const rangeOf = (offsets: readonly number[]): string =>
  offsets.length > 1 ? `${offsets[0]} to ${offsets.at(-1)}` : String(offsets[0])
