// Why a record left no row: it is read from its topic again, and judged by the consumer's own rules.
//
// Nothing is written for this when the record is settled: what a journey asks for once in a while would cost every event.
import type { classifier } from '../../events/classify.ts'
import type { EnrichedEvent } from '../../events/event.ts'
import { decodeText } from '../../lambda/decode.ts'
import type { RecordPlace } from '../../store/search.ts'
import type { Account, Store } from '../../store/store.ts'
import type { ReadRecord } from './read-record.ts'

export interface NoRow {
  /**
   * gone: Kafka does not hold the record any more. unread: it was not to be had. either: expired or a duplicate, and
   * the rows that could tell have gone. undecided: by today's rules it should have a row.
   */
  why: 'noise' | 'duplicate' | 'expired' | 'erased' | 'either' | 'undecided' | 'gone' | 'unread'
  /** The record's Kafka timestamp. */
  recordMs: number | null
  event: Pick<EnrichedEvent, 'event_id' | 'timestamp'> | null
  /** What it was put aside for. */
  code: string | null
}

export interface JudgeParts {
  store: Pick<Store, 'events' | 'erasures' | 'redrives'>
  classify: ReturnType<typeof classifier>
  readRecord: ReadRecord
  /** ms */
  now(): number
}

/** Erasures that are looked through, the newest first. */
const erasuresMax = 1_000

/**
 * Judges the record of an offset that is accounted for and has no row. Rows go in the order in which they came: while the
 * first of all is kept, or one that was stored before the record was made, the record cannot have lost one of its own.
 *
 * @throws PipelineError STORE_*
 */
export async function judgeAgain(place: RecordPlace, account: Account, parts: JudgeParts): Promise<NoRow> {
  const nothing = { recordMs: null, event: null, code: null }
  // Kafka may be away, or busy with others: a journey without this is still one.
  const record = await parts.readRecord(place).catch(() => undefined)
  if (record === undefined) return { why: 'unread', ...nothing }
  if (record === null) return { why: 'gone', ...nothing }
  const recordMs = record.timestamp
  const classified = parts.classify({ ...decodeText(record.value), recordMs }, parts.now())
  if (classified.kind === 'noise') return { ...nothing, why: 'noise', recordMs }
  if (classified.kind === 'dead-letter') return { ...nothing, why: 'expired', recordMs, code: classified.code }
  const { event, contentHash } = classified
  const ids = [{ eventId: event.event_id, contentHash }]
  const [content] = await parts.store.redrives.compareIds({ group: place.group, ids })
  const known = { recordMs, event, code: null }
  if (content === 'other') return { ...known, why: 'expired', code: 'ID_CONFLICT' }
  if (content === 'new') return { ...known, why: 'undecided' }
  return { ...known, why: await whyOfKnown(place.group, { userId: event.user_id, recordMs }, account, parts.store) }
}

/** Of an event whose id and content are stored. */
async function whyOfKnown(
  group: string,
  { userId, recordMs }: { userId: number; recordMs: number },
  { duplicates }: Account,
  store: JudgeParts['store'],
): Promise<NoRow['why']> {
  const erasures = await store.erasures({ limit: erasuresMax })
  if (erasures.some((one) => one.userId === userId && one.requestedMs >= recordMs)) return 'erased'
  const [oldest] = await store.events({ group, after: 0, limit: 1 })
  if (oldest && (oldest.seq === 1 || recordMs >= Date.parse(oldest.processed_at))) return 'duplicate'
  return duplicates === 0 ? 'expired' : 'either'
}
