// A generation of figures that is being built: each event counts once in it, whichever way it comes. And the end of old ones.
import type { Database } from 'better-sqlite3'
import { compactId } from './ids.ts'
import { rollupWriter, type SummedEvent } from './rollups.ts'

export interface RebuildKeeper {
  /** Adds those that were not counted yet. Answers how many were. */
  addNew(figuresId: number, events: (SummedEvent & { event_id: string })[]): number
}

/** Prepares the adding, inside the caller's transaction. */
export function rebuildKeeper(db: Database): RebuildKeeper {
  const claim = db.prepare('INSERT INTO rebuild_id VALUES (?, ?) ON CONFLICT DO NOTHING')
  const count = db.prepare('UPDATE rebuild SET events = events + ? WHERE id = ? / -2')
  const startRollups = rollupWriter(db)
  return {
    addNew(figuresId, events) {
      const rollups = startRollups()
      let added = 0
      for (const event of events) {
        if (claim.run(leftOutOf(figuresId), compactId(event.event_id)).changes === 0) continue
        rollups.add(event)
        added++
      }
      rollups.write(figuresId)
      if (added > 0) count.run(added, figuresId)
      return added
    },
  }
}

/** What was left out of a generation, and the ids of all that was counted in it or left out: they go when it is done. */
export function leftOutOf(figuresId: number): number {
  return figuresId - 1
}

/** Hours and minutes, and ids, for each transaction. */
const spansPerStep = 24
const idsPerStep = 2_000

/** Prepares the removal of generations that nobody reads, inside the caller's transaction; each call goes one step. */
export function staleRemover(db: Database): () => void {
  const stale = db.prepare<[], number>('SELECT figures_id FROM stale_figures LIMIT 1').pluck()
  const oldest = (table: string, unit: string, spans: number) =>
    db.prepare(`DELETE FROM ${table} WHERE group_id = @id AND ${unit} <
      (SELECT min(${unit}) FROM ${table} WHERE group_id = @id) + ${spans}`)
  const removals = [
    oldest('event_minute', 'minute', spansPerStep * 60),
    oldest('event_hour', 'hour', spansPerStep),
    oldest('hour_count', 'hour', spansPerStep),
    oldest('hour_users', 'hour', spansPerStep),
    db.prepare(`DELETE FROM rebuild_id WHERE figures_id = @id AND event_id IN
      (SELECT event_id FROM rebuild_id WHERE figures_id = @id LIMIT ${idsPerStep})`),
  ]
  const forget = db.prepare('DELETE FROM stale_figures WHERE figures_id = ?')
  return function removeStale() {
    const id = stale.get()
    if (id === undefined) return
    const removed = removals.reduce((sum, removal) => sum + removal.run({ id }).changes, 0)
    if (removed === 0) forget.run(id)
  }
}
