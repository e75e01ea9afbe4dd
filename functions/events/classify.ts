// What becomes of one record's value: an event, noise, or a dead letter with its reason. Never throws.
import type { EventRules } from './business.ts'
import { contentHashOf } from './canonical.ts'
import type { EnrichedEvent } from './event.ts'
import { eventParser } from './parse.ts'
import type { Rejection } from './rejection.ts'

/** One record's value as far as bytes go. */
export interface RecordValue {
  /** null: there is no value at all (a tombstone). */
  text: string | null
  /** False when the bytes are not UTF-8; `text` is then not to be trusted. */
  isUtf8: boolean
  /** The record's Kafka timestamp in ms; negative when it has none. */
  recordMs: number
}

export type Classified =
  | { kind: 'event'; event: EnrichedEvent; contentHash: Buffer }
  | { kind: 'noise' }
  | ({ kind: 'dead-letter' } & Rejection)

export type Classify = (value: RecordValue, nowMs: number) => Classified

/** A reason is read by people: longer ones are cut. */
const reasonLengthMax = 500

/** Makes the function that judges record values by these rules; `nowMs` is the clock at arrival. */
export function classifier(rules: EventRules): Classify {
  const parse = eventParser(rules)

  function judge(value: RecordValue, nowMs: number): Classified {
    if (value.text === null) return putAside('TOMBSTONE', 'the record has no value')
    if (!value.isUtf8) return putAside('NOT_UTF8', 'the value is not UTF-8')
    if (value.text.trim() === '') return putAside('EMPTY', 'the value is empty')
    let json: unknown
    try {
      json = JSON.parse(value.text)
    } catch (error) {
      return putAside('NOT_JSON', (error as Error).message)
    }
    if (rules.isNoise(json)) return { kind: 'noise' }
    const event = parse(json)
    if ('code' in event) return putAside(event.code, event.reason)
    if (rules.isTest(event)) return { kind: 'noise' }
    const future = aheadOf(event.event_ms, value.recordMs, nowMs, rules.futureMsMax)
    if (future) return putAside('FUTURE_TIMESTAMP', future)
    return { kind: 'event', event, contentHash: contentHashOf(event) }
  }

  return function classify(value, nowMs) {
    try {
      return judge(value, nowMs)
    } catch (error) {
      // A bug of ours on this one record must not stop the good ones behind it.
      return putAside('INTERNAL', error instanceof Error ? error.message : String(error))
    }
  }
}

function putAside(code: Rejection['code'], reason: string): Classified {
  return { kind: 'dead-letter', code, reason: reason.slice(0, reasonLengthMax) }
}

function aheadOf(eventMs: number, recordMs: number, nowMs: number, futureMsMax: number): string | null {
  const reference = recordMs >= 0 ? Math.min(recordMs, nowMs) : nowMs
  if (eventMs - reference <= futureMsMax) return null
  const seconds = Math.round((eventMs - reference) / 1000)
  return `timestamp is ${seconds} s ahead; at most ${futureMsMax / 1000} s is accepted`
}
