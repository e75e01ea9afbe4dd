// The end of states of abandoned carts that nobody reads any more: they go in small steps.
import type { Database } from 'better-sqlite3'

/** Users for each transaction. */
const shoppersPerStep = 2_000

/** Prepares the removal of states that nobody needs any more, inside the caller's transaction; each call goes one step. */
export function staleStateRemover(db: Database): () => void {
  const stale = db
    .prepare<[], number>(`
      SELECT id FROM abandonment_state WHERE serves = 0
        AND NOT EXISTS (SELECT 1 FROM rebuild WHERE rebuild.id = -abandonment_state.id AND state = 'running') LIMIT 1`)
    .pluck()
  const removeShoppers = db.prepare(`DELETE FROM abandonment_shopper WHERE state_id = @id AND user_id IN
    (SELECT user_id FROM abandonment_shopper WHERE state_id = @id LIMIT ${shoppersPerStep})`)
  const removeRest = ['clock', 'region', 'incident'].map((rows) =>
    db.prepare(`DELETE FROM abandonment_${rows} WHERE state_id = @id`),
  )
  const removeState = db.prepare('DELETE FROM abandonment_state WHERE id = @id')
  return function removeStaleState() {
    const id = stale.get()
    if (id === undefined || removeShoppers.run({ id }).changes > 0) return
    for (const statement of [...removeRest, removeState]) statement.run({ id })
  }
}
