// The end of states of abandoned carts that nobody reads any more: they go in small steps.
import type { Statement } from './database.ts'

/** Users for each statement. */
const shoppersPerStep = 2_000

/** One step; the state's own row goes with the last of its users. */
export const removeStaleState: Statement = {
  name: 'abandonment-remove-stale',
  text: `WITH stale AS MATERIALIZED (
      SELECT id FROM abandonment_state WHERE NOT serves
        AND NOT EXISTS (SELECT FROM rebuild WHERE rebuild.id = -abandonment_state.id AND state = 'running') LIMIT 1
    ), shoppers AS (
      DELETE FROM abandonment_shopper WHERE (state_id, user_id) IN
        (SELECT state_id, user_id FROM abandonment_shopper JOIN stale ON state_id = id LIMIT ${shoppersPerStep}) RETURNING 1
    ), gone AS (
      DELETE FROM abandonment_state USING stale WHERE abandonment_state.id = stale.id
        AND NOT EXISTS (SELECT FROM shoppers) RETURNING stale.id
    ), clocks AS (DELETE FROM abandonment_clock USING gone WHERE state_id = id
    ), regions AS (DELETE FROM abandonment_region USING gone WHERE state_id = id)
    DELETE FROM abandonment_incident USING gone WHERE state_id = gone.id`,
}
