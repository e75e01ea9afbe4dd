// Lets ids go once nothing can bring their event back.
import type { Database } from 'better-sqlite3'

/** A topic's log start must have passed a record for this long. */
const passedMs = 24 * 60 * 60 * 1000

const identitiesPerStep = 500

/**
 * What the log start of each partition has been behind for a day: as of the newest sample of a day ago, and still so by
 * the newest of all, for a topic that was made anew begins at 0 again. 0 where nobody sampled.
 */
const passedOffsets = `passed AS MATERIALIZED (
  SELECT id AS source_id, ifnull(min(
    (SELECT log_start_offset FROM lag_sample WHERE source_id = source.id AND at <= @before ORDER BY at DESC LIMIT 1),
    (SELECT log_start_offset FROM lag_sample WHERE source_id = source.id ORDER BY at DESC LIMIT 1)), 0) AS log_start
  FROM source)`

/**
 * Prepares the expiry of ids, inside the caller's transaction; each call lets one run of event ids go at most, and some
 * identities of dead letters, and says how many went.
 *
 * An id outlives its event's row, for the topic can deliver the record again as long as it holds it. A run of ids goes
 * when the log start of each of its partitions has been behind all of its records for a day, as the lag samples show.
 * Ids that a kept ID_CONFLICT speaks of move on to a younger run instead. A partition that nobody samples keeps its ids.
 */
export function idExpiry(db: Database): (now: number) => number {
  const goneRun = db
    .prepare<{ before: number }, number>(
      `WITH ${passedOffsets} SELECT run FROM sealed_run_source JOIN passed USING (source_id)
       GROUP BY run HAVING min(offset_max < log_start) = 1 ORDER BY run LIMIT 1`,
    )
    .pluck()
  const keepConflicts = db.prepare(`
    INSERT INTO recent_id
    SELECT group_id, event_id, content_hash FROM sealed_id AS known WHERE run = ? AND EXISTS
      (SELECT 1 FROM conflict_id WHERE group_id = known.group_id AND event_id = known.event_id)
    ON CONFLICT DO NOTHING`)
  const keepPlaces = db.prepare(`
    INSERT INTO recent_id_source SELECT source_id, offset_max FROM sealed_run_source WHERE run = ?
    ON CONFLICT DO UPDATE SET offset_max = max(offset_max, excluded.offset_max)`)
  const countRecent = db.prepare('UPDATE id_state SET recent = recent + ?')
  const removeIds = db.prepare('DELETE FROM sealed_id WHERE run = ?')
  const removePlaces = db.prepare('DELETE FROM sealed_run_source WHERE run = ?')
  const removeFilter = db.prepare(
    `DELETE FROM sealed_id_filter WHERE id = @word AND (@word + 1) * 32 <= (SELECT runs FROM id_state) AND NOT EXISTS
     (SELECT 1 FROM sealed_run_source WHERE run >= @word * 32 AND run < (@word + 1) * 32)`,
  )
  const identities = 'source_id, record_offset, record_ms, value_hash'
  const gone = db.prepare<{ before: number }, [number, number, number, Buffer]>(
    `WITH ${passedOffsets} SELECT ${identities} FROM passed JOIN orphan_identity USING (source_id)
     WHERE record_offset < log_start LIMIT ${identitiesPerStep}`,
  )
  const removeFrom = (table: string) => db.prepare(`DELETE FROM ${table} WHERE (${identities}) = (?, ?, ?, ?)`)
  const removals = [removeFrom('dead_letter_identity'), removeFrom('orphan_identity')]

  function expireDeadLetters(before: number): number {
    const orphans = gone.raw().all({ before }) as [number, number, number, Buffer][]
    for (const orphan of orphans) for (const removal of removals) removal.run(...orphan)
    return orphans.length
  }

  return function expireIds(now) {
    const before = now - passedMs
    const run = goneRun.get({ before })
    const deadLetters = expireDeadLetters(before)
    if (run === undefined) return deadLetters
    const kept = keepConflicts.run(run).changes
    if (kept > 0) {
      keepPlaces.run(run)
      countRecent.run(kept)
    }
    const ids = removeIds.run(run).changes
    removePlaces.run(run)
    removeFilter.run({ word: run >>> 5 })
    return ids + deadLetters
  }
}
