// What a user's erasure takes of the second consumer: carts that are undecided, and offers. Incidents name nobody.
import type { Session, Statement } from './database.ts'

const removeCarts: Statement = {
  name: 'abandonment-erase-carts',
  text: `WITH gone AS (DELETE FROM abandonment_shopper WHERE user_id = $2
      AND state_id IN (SELECT id FROM abandonment_state WHERE group_id = $1) RETURNING state_id)
    UPDATE abandonment_state SET shoppers = shoppers - 1 WHERE id IN (SELECT state_id FROM gone)`,
}
const removeOffers: Statement = {
  name: 'abandonment-erase-offers',
  text: 'DELETE FROM abandonment_offer WHERE group_id = $1 AND user_id = $2',
}

/** In one group, whose row the erasure has locked. */
export function eraseShopper(session: Session, groupId: number, userId: number): void {
  session.send(removeCarts, [groupId, userId])
  session.send(removeOffers, [groupId, userId])
}
