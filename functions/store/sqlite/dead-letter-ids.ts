// The identity of dead letters: place, timestamp and bytes of a record, so that one delivered again stays one.
import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import type { SourceRecord } from '../store.ts'

export interface DeadLetterIds {
  /** Remembers the record under the sequence number of its row. False when it is known already. */
  claim(sourceId: number, record: SourceRecord, seq: number): boolean
  knows(sourceId: number, record: SourceRecord): boolean
}

/** Prepares the asking and claiming, inside the transaction that stores the rows. */
export function deadLetterIds(db: Database): DeadLetterIds {
  const insert = db.prepare('INSERT INTO dead_letter_identity VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
  const hashesAt = db
    .prepare<[number, number, number], Buffer>(
      'SELECT value_hash FROM dead_letter_identity WHERE source_id = ? AND record_offset = ? AND record_ms = ?',
    )
    .pluck()
  return {
    claim: (sourceId, record, seq) =>
      insert.run(sourceId, record.offset, record.timestamp, valueHash(record), seq).changes === 1,
    knows(sourceId, record) {
      // Nearly every redelivered record is an event: the place is asked first, and only a hit is worth the hash.
      const known = hashesAt.all(sourceId, record.offset, record.timestamp)
      return known.length > 0 && known.some((hash) => hash.equals(valueHash(record)))
    },
  }
}

/** A tombstone has no bytes to hash; 0 bytes keep it apart from an empty value, which hashes to 32. */
function valueHash(record: SourceRecord): Buffer {
  return record.value === null ? Buffer.alloc(0) : createHash('sha256').update(record.value).digest()
}
