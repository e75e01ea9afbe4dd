// Keeps why offsets are not accounted; what stands in a row and has one reason becomes one range.
import type { Database } from 'better-sqlite3'
import type { Explanation } from '../store.ts'
import { inTurn } from './in-turn.ts'

/** A topic with transactions has a hole at every commit; beyond this many ranges an account's rest shows as unseen. */
const rangesMax = 100_000

export interface Explanations {
  add(explanations: Explanation[]): void
  current(): Explanation[]
}

export function explanationStore(db: Database): Explanations {
  const accountOf = db
    .prepare<[string, string, number, number], number>(
      `SELECT account.id FROM account JOIN source ON source.id = source_id JOIN consumer_group ON consumer_group.id = group_id
       WHERE name = ? AND topic = ? AND partition = ? AND epoch = ?`,
    )
    .pluck()
  const count = db.prepare<[number], number>('SELECT count(*) FROM explained_range WHERE account_id = ?').pluck()
  const insert = db.prepare(`
    INSERT INTO explained_range VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET to_offset = max(to_offset, excluded.to_offset)`)
  const current = db.prepare<[], Explanation>(`
    SELECT consumer_group.name AS "group", topic, partition, epoch,
      from_offset AS "from", to_offset AS "to", reason
    FROM explained_range JOIN account ON account.id = account_id
    JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    WHERE epoch = (SELECT max(epoch) FROM account AS other WHERE other.source_id = source.id)
    ORDER BY 1, 2, 3, from_offset`)

  const add = inTurn(db, (explanations: Explanation[]): void => {
    for (const { group, topic, partition, epoch, from, to, reason } of explanations) {
      const accountId = accountOf.get(group, topic, partition, epoch)
      if (accountId === undefined || (count.get(accountId) ?? 0) >= rangesMax) continue
      insert.run(accountId, from, to, reason)
    }
  })
  return { add: (explanations) => add(explanations), current: () => current.all() }
}
