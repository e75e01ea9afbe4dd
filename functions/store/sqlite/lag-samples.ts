// Keeps the sampled offsets of each partition: all of two hours, one a minute of a day and a little.
import type { Database } from 'better-sqlite3'
import type { LagSample } from '../store.ts'
import { groupOf, groupStatements } from './groups.ts'
import { inTurn } from './in-turn.ts'
import { ledgerStatements, sourceIdOf } from './ledger.ts'

const minuteMs = 60_000
const fineMs = 2 * 60 * minuteMs
/** Two hours more than the day that ids wait for; see expire-ids.ts. */
const keptMs = 26 * 60 * minuteMs
/** How far behind the two hours thinning looks at each write. What a longer silence left there goes with its day. */
const thinningMs = 60 * minuteMs

export interface LagSamples {
  write(samples: LagSample[]): void
  since(query: { group: string; sinceMs: number }): LagSample[]
  latest(): LagSample[]
}

const columns = `consumer_group.name AS "group", topic, partition, at, log_start_offset AS logStartOffset,
  end_offset AS endOffset, committed_offset AS committedOffset`
/** CROSS JOIN keeps this order, in which every step is a search by key. https://www.sqlite.org/optoverview.html#crossjoin */
const joined = `consumer_group CROSS JOIN source ON source.group_id = consumer_group.id
  CROSS JOIN lag_sample ON lag_sample.source_id = source.id`

export function lagSampleStore(db: Database): LagSamples {
  const groups = groupStatements(db)
  const ledgers = ledgerStatements(db)
  const add = db.prepare(
    `INSERT OR REPLACE INTO lag_sample VALUES (@sourceId, @at, @logStartOffset, @endOffset, @committedOffset,
     NOT EXISTS (SELECT 1 FROM lag_sample WHERE source_id = @sourceId AND at >= @minuteMs AND at < @at AND lasting))`,
  )
  // Samples from the future are from before the clock was set back, and would stay the latest until it catches up.
  const forget = db.prepare('DELETE FROM lag_sample WHERE source_id = ? AND at > ?')
  const expire = db.prepare('DELETE FROM lag_sample WHERE source_id = ? AND at < ?')
  const thin = db.prepare('DELETE FROM lag_sample WHERE source_id = ? AND at >= ? AND at < ? AND NOT lasting')
  const since = db.prepare<[string, number], LagSample>(
    `SELECT ${columns} FROM ${joined} WHERE consumer_group.name = ? AND at >= ? ORDER BY at, topic, partition`,
  )
  const latest = db.prepare<[], LagSample>(
    `SELECT ${columns} FROM ${joined}
     WHERE at = (SELECT max(at) FROM lag_sample AS other WHERE other.source_id = source.id)
     ORDER BY consumer_group.name, topic, partition`,
  )

  function write(samples: LagSample[]): void {
    for (const sample of samples) {
      const { group, topic, partition, at, ...offsets } = sample
      const sourceId = sourceIdOf(ledgers, groupOf(groups, group).id, topic, partition)
      add.run({ sourceId, at, minuteMs: at - (at % minuteMs), ...offsets })
      forget.run(sourceId, at + minuteMs)
      expire.run(sourceId, at - keptMs)
      thin.run(sourceId, at - fineMs - thinningMs, at - fineMs)
    }
  }

  const transaction = inTurn(db, write)
  return {
    write: (samples) => transaction(samples),
    since: ({ group, sinceMs }) => since.all(group, sinceMs),
    latest: () => latest.all(),
  }
}
