// What a user's erasure takes of the second consumer: carts that are undecided, and offers. Incidents name nobody.
import type { Database } from 'better-sqlite3'

/** Prepares the erasing of one user in one group, inside the erasure's transaction. */
export function shopperEraser(db: Database): (groupId: number, userId: number) => void {
  const count = db.prepare(
    `UPDATE abandonment_state SET shoppers = shoppers -
       (SELECT count(*) FROM abandonment_shopper WHERE state_id = abandonment_state.id AND user_id = ?)
     WHERE group_id = ?`,
  )
  const removeCarts = db.prepare(
    `DELETE FROM abandonment_shopper WHERE user_id = ?
       AND state_id IN (SELECT id FROM abandonment_state WHERE group_id = ?)`,
  )
  const removeOffers = db.prepare('DELETE FROM abandonment_offer WHERE user_id = ? AND group_id = ?')
  return (groupId, userId) => {
    for (const statement of [count, removeCarts, removeOffers]) statement.run(userId, groupId)
  }
}
