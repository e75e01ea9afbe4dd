// Lets ids go once nothing can bring their event back.
import type { Session, Statement } from './database.ts'

/** A topic's log start must have passed a record for this long. */
const passedMs = 24 * 60 * 60 * 1000

const idsPerStep = 2_000

/**
 * What the log start of each partition has been behind for a day: as of the newest sample of a day ago, and still so by
 * the newest of all, for a topic that was made anew begins at 0 again. 0 where nobody sampled, so its ids stay.
 */
const passed = `passed AS MATERIALIZED (
    SELECT id AS source_id, coalesce(least(
      coalesce((SELECT log_start_offset FROM lag_sample WHERE source_id = source.id AND at <= $2 ORDER BY at DESC LIMIT 1), 0),
      (SELECT log_start_offset FROM lag_sample WHERE source_id = source.id ORDER BY at DESC LIMIT 1)), 0) AS log_start
    FROM source WHERE group_id = $1)`

/** An id goes when its own record and every other that carried it are passed, and no kept ID_CONFLICT speaks of it. */
const expireEventIds: Statement = {
  name: 'expire-event-ids',
  text: `WITH ${passed}, gone AS (
      DELETE FROM event_identity WHERE group_id = $1 AND id IN (
        SELECT known.id FROM passed JOIN event_identity AS known
          ON known.source_id = passed.source_id AND known.record_offset < passed.log_start
        WHERE NOT EXISTS (SELECT FROM conflict_id AS conflict WHERE conflict.group_id = $1 AND conflict.id = known.id)
          AND NOT EXISTS (
            SELECT FROM duplicate_place AS place JOIN passed AS other USING (source_id)
            WHERE place.group_id = $1 AND place.id = known.id AND place.record_offset >= other.log_start)
        LIMIT ${idsPerStep}) RETURNING id
    ), places AS (
      DELETE FROM duplicate_place USING gone WHERE group_id = $1 AND duplicate_place.id = gone.id
    ) SELECT count(*) AS gone FROM gone`,
}

/** Only orphans are looked at, however many dead letters are kept. */
const expireDeadLetterIds: Statement = {
  name: 'expire-dead-letter-ids',
  text: `WITH ${passed}, gone AS (
      DELETE FROM orphan_identity WHERE (source_id, record_offset, record_ms, value_hash) IN (
        SELECT source_id, record_offset, record_ms, value_hash FROM passed JOIN orphan_identity USING (source_id)
        WHERE record_offset < log_start LIMIT ${idsPerStep})
      RETURNING *
    ), known AS (
      DELETE FROM dead_letter_identity AS known USING gone
      WHERE (known.source_id, known.record_offset, known.record_ms, known.value_hash)
        = (gone.source_id, gone.record_offset, gone.record_ms, gone.value_hash)
    ) SELECT count(*) AS gone FROM gone`,
}

/**
 * Lets some ids of a group go, and answers how many. An id outlives its event's row, for the topic can deliver the record
 * again as long as it holds it.
 */
export async function expireIds(session: Session, groupId: number, now: number): Promise<number> {
  const values = [groupId, now - passedMs]
  const answers = await Promise.all([
    session.rows<{ gone: number }>(expireEventIds, values),
    session.rows<{ gone: number }>(expireDeadLetterIds, values),
  ])
  return answers.flat().reduce((sum, { gone }) => sum + gone, 0)
}
