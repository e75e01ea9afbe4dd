// Writes a batch's rows, each table's in one statement: events, their ids, and dead letters.
import type { EnrichedEvent } from '../../events/event.ts'
import type { Rejection } from '../../events/rejection.ts'
import type { SourceRecord } from '../store.ts'
import { booleans, bytes, hexBytes, numbers, texts } from './columns.ts'
import type { Session, Statement } from './database.ts'
import { idKey } from './id-key.ts'

interface NewRow {
  seq: number
  sourceId: number
  epoch: number
  record: SourceRecord
}

export interface NewEvent extends NewRow {
  event: EnrichedEvent
  contentHash: Uint8Array
}

export interface NewDeadLetter extends NewRow {
  rejection: Rejection
  /** The id that an ID_CONFLICT speaks of. */
  conflictId: string | null
}

/** A known id that was met at another place. */
export interface Duplicate {
  eventId: string
  sourceId: number
  offset: number
}

/** What all rows of a transaction share. */
interface Shared {
  groupId: number
  arrivedMs: number
}

const insertEvents: Statement = {
  name: 'insert-events',
  text: `INSERT INTO event (group_id, arrived_ms, seq, source_id, epoch, record_offset, record_ms, event_ms, user_id,
      product_id, amount, amount_cents, is_revenue_event, event_id, event_type, amount_bucket, region, timestamp, extra)
    SELECT $1::integer, $2::bigint, * FROM unnest($3::bigint[], $4::integer[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],
      $9::bigint[], $10::bigint[], $11::double precision[], $12::bigint[], $13::boolean[], $14::text[], $15::text[],
      $16::text[], $17::text[], $18::text[], $19::text[])`,
}

const insertIds: Statement = {
  name: 'insert-event-identities',
  text: `INSERT INTO event_identity
    SELECT $1::integer, * FROM unnest($2::integer[], $3::bigint[], $4::bytea[], $5::bytea[])`,
}

const insertDeadLetters: Statement = {
  name: 'insert-dead-letters',
  text: `INSERT INTO dead_letter (group_id, arrived_ms, seq, source_id, epoch, record_offset, record_ms, code, reason, key, value)
    SELECT $1::integer, $2::bigint, * FROM unnest($3::bigint[], $4::integer[], $5::integer[], $6::bigint[], $7::bigint[], $8::text[],
      $9::text[], $10::bytea[], $11::bytea[])`,
}

const insertConflicts: Statement = {
  name: 'insert-conflicts',
  text: 'INSERT INTO conflict_id SELECT $1::integer, * FROM unnest($2::bigint[], $3::bytea[])',
}

const addDuplicates: Statement = {
  name: 'add-duplicates',
  text: `INSERT INTO duplicate_place
    SELECT $1::integer, id, source_id, max(record_offset)
    FROM unnest($2::bytea[], $3::integer[], $4::bigint[]) AS met (id, source_id, record_offset) GROUP BY id, source_id
    ON CONFLICT (group_id, id, source_id) DO UPDATE
    SET record_offset = greatest(duplicate_place.record_offset, excluded.record_offset)`,
}

export function writeEvents(session: Session, { groupId, arrivedMs }: Shared, rows: NewEvent[]): void {
  const events = rows.map(({ event }) => event)
  session.send(insertEvents, [
    groupId,
    arrivedMs,
    ...places(rows),
    numbers(events.map((event) => event.event_ms)),
    numbers(events.map((event) => event.user_id)),
    numbers(events.map((event) => event.product_id)),
    numbers(events.map((event) => event.amount)),
    numbers(events.map((event) => event.amount_cents)),
    booleans(events.map((event) => event.is_revenue_event)),
    texts(events.map((event) => event.event_id)),
    texts(events.map((event) => event.event_type)),
    texts(events.map((event) => event.amount_bucket)),
    texts(events.map((event) => event.region)),
    texts(events.map((event) => event.timestamp)),
    texts(events.map((event) => event.extra && JSON.stringify(event.extra))),
  ])
}

export function writeEventIds(session: Session, { groupId }: Shared, rows: NewEvent[]): void {
  // In the order of the key: neighbours of the index are visited together.
  const ids = rows.map((row) => ({ ...row, key: idKey(row.event.event_id) })).sort((a, b) => (a.key < b.key ? -1 : 1))
  session.send(insertIds, [
    groupId,
    numbers(ids.map(({ sourceId }) => sourceId)),
    numbers(ids.map(({ record }) => record.offset)),
    hexBytes(ids.map(({ key }) => key)),
    bytes(ids.map(({ contentHash }) => contentHash)),
  ])
}

export function writeDeadLetters(session: Session, { groupId, arrivedMs }: Shared, rows: NewDeadLetter[]): void {
  session.send(insertDeadLetters, [
    groupId,
    arrivedMs,
    ...places(rows),
    texts(rows.map(({ rejection }) => rejection.code)),
    texts(rows.map(({ rejection }) => rejection.reason)),
    bytes(rows.map(({ record }) => record.key)),
    bytes(rows.map(({ record }) => record.value)),
  ])
}

/** What keeps an id beyond its own record: kept conflicts, and other places that can bring it back. */
export function writeIdKeepers(
  session: Session,
  { groupId }: Shared,
  { deadLetters, duplicates }: { deadLetters: NewDeadLetter[]; duplicates: Duplicate[] },
): void {
  const conflicts = deadLetters.filter(({ conflictId }) => conflictId !== null)
  if (conflicts.length > 0) {
    const keys = conflicts.map(({ conflictId }) => idKey(conflictId as string))
    session.send(insertConflicts, [groupId, numbers(conflicts.map(({ seq }) => seq)), hexBytes(keys)])
  }
  if (duplicates.length > 0) {
    session.send(addDuplicates, [
      groupId,
      hexBytes(duplicates.map(({ eventId }) => idKey(eventId))),
      numbers(duplicates.map(({ sourceId }) => sourceId)),
      numbers(duplicates.map(({ offset }) => offset)),
    ])
  }
}

/** seq, source_id, epoch, record_offset, record_ms */
function places(rows: NewRow[]): string[] {
  return [
    numbers(rows.map(({ seq }) => seq)),
    numbers(rows.map(({ sourceId }) => sourceId)),
    numbers(rows.map(({ epoch }) => epoch)),
    numbers(rows.map(({ record }) => record.offset)),
    numbers(rows.map(({ record }) => record.timestamp)),
  ]
}
