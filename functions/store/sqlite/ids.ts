// The strict identity of events: which ids a group has stored, and with which content.
import type { Database } from 'better-sqlite3'

export type ClaimId = (groupId: number, eventId: string, contentHash: Uint8Array) => 'new' | 'same' | 'other'

/**
 * Prepares the claiming of ids, inside the transaction that stores their events.
 *
 * A new id costs one descent into the index: it is inserted at once, and only where that meets a known one is the
 * content compared.
 */
export function idClaims(db: Database): ClaimId {
  const insert = db.prepare('INSERT INTO event_identity VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const contentOf = db
    .prepare<[number, string | Buffer], Buffer>(
      'SELECT content_hash FROM event_identity WHERE group_id = ? AND event_id = ?',
    )
    .pluck()
  return function claimId(groupId, eventId, contentHash) {
    const key = compactId(eventId)
    if (insert.run(groupId, key, contentHash).changes === 1) return 'new'
    return contentOf.get(groupId, key)?.equals(contentHash) ? 'same' : 'other'
  }
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** Most ids are lower-case UUIDs: 16 bytes instead of 36. SQLite never takes bytes for text, so no two ids meet. */
function compactId(eventId: string): string | Buffer {
  return eventId.length === 36 && uuid.test(eventId) ? Buffer.from(eventId.replaceAll('-', ''), 'hex') : eventId
}
