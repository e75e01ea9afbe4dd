// Marks where in the sequence the events of a partition lie: see ../place-marks.ts.
import { markEveryOffsets, markEverySeqs } from '../place-marks.ts'
import { numbers } from './columns.ts'
import type { Session, Statement } from './database.ts'
import type { NewEvent } from './write-rows.ts'

/** Each new mark takes a few with it whose events are gone, so there are never many more than events. */
const addMarks: Statement = {
  name: 'add-place-marks',
  text: `WITH added AS (
      INSERT INTO place_mark
      SELECT * FROM unnest($2::integer[], $3::integer[], $4::bigint[], $5::bigint[]) AS new (source_id, epoch, record_offset, seq)
      WHERE NOT EXISTS (SELECT FROM place_mark AS near
        WHERE near.source_id = new.source_id AND near.epoch = new.epoch AND near.seq > new.seq - ${markEverySeqs}
        AND near.record_offset <= new.record_offset AND near.record_offset > new.record_offset - ${markEveryOffsets})
      ON CONFLICT DO NOTHING RETURNING source_id
    )
    DELETE FROM place_mark AS mark USING (SELECT DISTINCT source_id FROM added) AS touched, LATERAL (
      SELECT source_id, epoch, record_offset FROM place_mark WHERE source_id = touched.source_id
      ORDER BY epoch, record_offset LIMIT 4
    ) AS oldest
    WHERE mark.source_id = oldest.source_id AND mark.epoch = oldest.epoch AND mark.record_offset = oldest.record_offset
    AND mark.seq < (SELECT seq FROM event WHERE group_id = $1 ORDER BY seq LIMIT 1)`,
}

/** `rows` are a transaction's, in the order of their numbers. */
export function writePlaceMarks(session: Session, groupId: number, rows: NewEvent[]): void {
  const first = new Map<string, NewEvent>()
  for (const row of rows) {
    const key = `${row.sourceId}/${row.epoch}`
    if (!first.has(key)) first.set(key, row)
  }
  const marks = [...first.values()]
  session.send(addMarks, [
    groupId,
    numbers(marks.map(({ sourceId }) => sourceId)),
    numbers(marks.map(({ epoch }) => epoch)),
    numbers(marks.map(({ record }) => record.offset)),
    numbers(marks.map(({ seq }) => seq)),
  ])
}
