// The identity of dead letters: place, timestamp and bytes of a record, so that one delivered again stays one.
import { createHash } from 'node:crypto'
import type { Outcome, SourceRecord } from '../store.ts'
import { bytes, numbers } from './columns.ts'
import type { Session, Statement } from './database.ts'
import type { Recalled } from './recall.ts'

export interface DeadLetterIdentity {
  sourceId: number
  record: SourceRecord
  hash: Uint8Array
  seq: number
}

export interface DeadLetterIds {
  knows(sourceId: number, record: SourceRecord): boolean
  /** Remembers the record under the sequence number of its row. False when it is known already. */
  claim(sourceId: number, record: SourceRecord, seq: number): boolean
  /** Those that were claimed. */
  claimed: DeadLetterIdentity[]
}

const hashesAt: Statement = {
  name: 'dead-letters-at',
  text: `SELECT DISTINCT source_id AS "sourceId", record_offset AS "offset", record_ms AS "timestamp", value_hash AS hash
    FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS asked (source_id, record_offset, record_ms)
    JOIN dead_letter_identity AS known USING (source_id, record_offset, record_ms)`,
}

/**
 * Asks for all identities that settling the batch may need, in one round trip; in none where every record is an event or
 * noise at a new offset, which is nearly always.
 */
export async function deadLetterIds(session: Session, outcomes: Outcome[], recalled: Recalled): Promise<DeadLetterIds> {
  const asked = questionable(outcomes, recalled)
  const columns = [
    numbers(asked.map((record) => recalled.ledgerOf(record).sourceId)),
    numbers(asked.map(({ offset }) => offset)),
    numbers(asked.map(({ timestamp }) => timestamp)),
  ]
  const found =
    asked.length === 0
      ? []
      : await session.rows<{ sourceId: number; offset: number; timestamp: number; hash: Buffer }>(hashesAt, columns)
  const known = new Map<string, Uint8Array[]>()
  for (const { sourceId, hash, ...place } of found) addTo(known, placeKey(sourceId, place), hash)
  const claimed: DeadLetterIdentity[] = []

  function knows(sourceId: number, record: SourceRecord): boolean {
    // Nearly every redelivered record is an event: the place is asked first, and only a hit is worth the hash.
    const hashes = known.get(placeKey(sourceId, record))
    return hashes?.some((hash) => valueHash(record).equals(hash)) ?? false
  }

  return {
    knows,
    claim(sourceId, record, seq) {
      if (knows(sourceId, record)) return false
      const hash = valueHash(record)
      addTo(known, placeKey(sourceId, record), hash)
      claimed.push({ sourceId, record, hash, seq })
      return true
    },
    claimed,
  }
}

/** Records that may turn out as a dead letter, old or new: all but events with a new id and noise at new offsets. */
function questionable(outcomes: Outcome[], { ledgerOf, hashes }: Recalled): SourceRecord[] {
  const places = new Set<string>()
  const ids = new Set<string>()
  return outcomes
    .filter((outcome) => {
      const { record } = outcome
      const ledger = ledgerOf(record)
      const place = `${ledger.sourceId}/${record.offset}`
      const accounted = ledger.has(record.offset) || places.has(place)
      places.add(place)
      if (outcome.kind === 'noise') return false
      if (accounted || outcome.kind === 'dead-letter') return true
      const { event_id } = outcome.event
      const knownId = hashes.has(event_id) || ids.has(event_id)
      ids.add(event_id)
      return knownId
    })
    .map(({ record }) => record)
}

const insert: Statement = {
  name: 'insert-dead-letter-identities',
  text: `INSERT INTO dead_letter_identity SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[])`,
}

export function writeDeadLetterIds(session: Session, claimed: DeadLetterIdentity[]): void {
  session.send(insert, [
    numbers(claimed.map(({ sourceId }) => sourceId)),
    numbers(claimed.map(({ record }) => record.offset)),
    numbers(claimed.map(({ record }) => record.timestamp)),
    bytes(claimed.map(({ hash }) => hash)),
    numbers(claimed.map(({ seq }) => seq)),
  ])
}

function placeKey(sourceId: number, { offset, timestamp }: Pick<SourceRecord, 'offset' | 'timestamp'>): string {
  return `${sourceId}/${offset}/${timestamp}`
}

function addTo(lists: Map<string, Uint8Array[]>, key: string, value: Uint8Array): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

/** A tombstone has no bytes to hash; 0 bytes keep it apart from an empty value, which hashes to 32. */
function valueHash(record: SourceRecord): Buffer {
  return record.value === null ? Buffer.alloc(0) : createHash('sha256').update(record.value).digest()
}
