// Marks where in the sequence the events of a partition lie: see ../place-marks.ts.
import type { Database } from 'better-sqlite3'
import { markEveryOffsets, markEverySeqs } from '../place-marks.ts'

export interface PlaceMarks {
  /** An event was given its number. */
  note(accountId: number, offset: number, seq: number): void
  write(groupId: number): void
}

/** Prepares the marking; each transaction starts anew. */
export function placeMarker(db: Database): () => PlaceMarks {
  const add = db.prepare(`
    INSERT INTO place_mark SELECT @accountId, @offset, @seq WHERE NOT EXISTS (
      SELECT 1 FROM place_mark WHERE account_id = @accountId AND seq > @seq - ${markEverySeqs}
      AND record_offset <= @offset AND record_offset > @offset - ${markEveryOffsets}
    ) ON CONFLICT DO NOTHING`)
  // Each new mark takes a few with it whose events are gone, so there are never many more than events.
  const forget = db.prepare(`
    DELETE FROM place_mark WHERE account_id = @accountId
    AND record_offset IN (SELECT record_offset FROM place_mark WHERE account_id = @accountId ORDER BY 1 LIMIT 4)
    AND seq < (SELECT seq FROM event WHERE group_id = @groupId ORDER BY seq LIMIT 1)`)
  const oldest = db
    .prepare<[], number>('SELECT account_id FROM place_mark ORDER BY account_id, record_offset LIMIT 1')
    .pluck()

  return () => {
    const first = new Map<number, { offset: number; seq: number }>()
    let noted = -1
    return {
      note(accountId, offset, seq) {
        if (accountId === noted) return
        noted = accountId
        if (!first.has(accountId)) first.set(accountId, { offset, seq })
      },
      write(groupId) {
        for (const [accountId, place] of first) {
          if (add.run({ accountId, ...place }).changes === 0) continue
          forget.run({ accountId, groupId })
          forget.run({ accountId: oldest.get() ?? accountId, groupId })
        }
      },
    }
  }
}
