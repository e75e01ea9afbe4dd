// Keeps why offsets are not accounted.
import type { Explanation } from '../store.ts'
import { numbers, texts } from './columns.ts'
import { notifyCommit } from './commit-watch.ts'
import type { Database, Statement } from './database.ts'

/** A topic with transactions has a hole at every commit; beyond this many ranges an account's rest shows as unseen. */
const rangesMax = 100_000

export interface Explanations {
  add(explanations: Explanation[]): Promise<void>
  current(): Promise<Explanation[]>
}

/** Two that begin at one offset become one, as far as the farther one reaches. */
const insert: Statement = {
  name: 'explain',
  text: `INSERT INTO explained_range
    SELECT source.id, account.epoch, from_offset, max(to_offset), max(reason)
    FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::bigint[], $6::bigint[], $7::text[])
      AS found (name, topic, partition, epoch, from_offset, to_offset, reason)
    JOIN consumer_group ON consumer_group.name = found.name
    JOIN source ON group_id = consumer_group.id AND source.topic = found.topic AND source.partition = found.partition
    JOIN account ON source_id = source.id AND account.epoch = found.epoch
    WHERE (SELECT count(*) FROM explained_range AS known
      WHERE known.source_id = source.id AND known.epoch = account.epoch) < ${rangesMax}
    GROUP BY source.id, account.epoch, from_offset ORDER BY 1, 2, 3
    ON CONFLICT (source_id, epoch, from_offset) DO UPDATE
    SET to_offset = greatest(explained_range.to_offset, excluded.to_offset)`,
}

const currentOf: Statement = {
  name: 'explanations',
  text: `SELECT consumer_group.name AS "group", topic, partition, epoch,
      from_offset AS "from", to_offset AS "to", reason
    FROM explained_range AS range JOIN source ON source.id = range.source_id
    JOIN consumer_group ON consumer_group.id = source.group_id
    WHERE epoch = (SELECT max(epoch) FROM account WHERE account.source_id = range.source_id)
    ORDER BY 1, 2, 3, from_offset`,
}

export function explanationStore(database: Database, channel: string): Explanations {
  return {
    add: (explanations) =>
      database.transaction(async (session) => {
        session.send(insert, [
          texts(explanations.map(({ group }) => group)),
          texts(explanations.map(({ topic }) => topic)),
          numbers(explanations.map(({ partition }) => partition)),
          numbers(explanations.map(({ epoch }) => epoch)),
          numbers(explanations.map(({ from }) => from)),
          numbers(explanations.map(({ to }) => to)),
          texts(explanations.map(({ reason }) => reason)),
        ])
        notifyCommit(session, channel)
      }),
    current: () => database.rows<Explanation>(currentOf),
  }
}
