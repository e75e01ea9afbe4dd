// Keeps the sampled offsets of each partition: all of two hours, one a minute of 26 hours.
import type { LagSample } from '../store.ts'
import { numbers, texts } from './columns.ts'
import { notifyCommit } from './commit-watch.ts'
import type { Database, Session, Statement } from './database.ts'
import { addGroup, addSources } from './recall.ts'

const minuteMs = 60_000
const fineMs = 2 * 60 * minuteMs
const keptMs = 26 * 60 * minuteMs
/** How far behind the two hours thinning looks at each write. What a longer silence left there goes with its day. */
const thinningMs = 60 * minuteMs

export interface LagSamples {
  write(samples: LagSample[]): Promise<void>
  since(query: { group: string; sinceMs: number }): Promise<LagSample[]>
  latest(): Promise<LagSample[]>
}

const add: Statement = {
  name: 'add-lag-samples',
  text: `INSERT INTO lag_sample
    SELECT source.id, at, log_start_offset, end_offset, committed_offset,
      row_number() OVER (PARTITION BY source.id, at / ${minuteMs} ORDER BY at) = 1 AND NOT EXISTS (
        SELECT FROM lag_sample AS kept WHERE kept.source_id = source.id
          AND kept.at >= given.at - given.at % ${minuteMs} AND kept.at < given.at AND lasting)
    FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
      AS given (topic, partition, at, log_start_offset, end_offset, committed_offset)
    JOIN source ON source.group_id = (SELECT id FROM consumer_group WHERE name = $1)
      AND source.topic = given.topic AND source.partition = given.partition
    ORDER BY source.id, at
    ON CONFLICT (source_id, at) DO UPDATE SET log_start_offset = excluded.log_start_offset,
      end_offset = excluded.end_offset, committed_offset = excluded.committed_offset, lasting = excluded.lasting`,
}

/**
 * Removes what is too old, thins what is older than two hours, and forgets samples from the future: those are from
 * before the clock was set back, and would stay the latest until it catches up. $4 and $5: the first and the last moment
 * that was written.
 */
const tidy: Statement = {
  name: 'tidy-lag-samples',
  text: `DELETE FROM lag_sample USING source,
      unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[]) AS written (topic, partition, first_at, last_at)
    WHERE source.group_id = (SELECT id FROM consumer_group WHERE name = $1)
      AND source.topic = written.topic AND source.partition = written.partition AND lag_sample.source_id = source.id
      AND (at > last_at + ${minuteMs} OR at < last_at - ${keptMs}
        OR (NOT lasting AND at >= first_at - ${fineMs + thinningMs} AND at < last_at - ${fineMs}))`,
}

const columns = `consumer_group.name AS "group", topic, partition, at, log_start_offset AS "logStartOffset",
  end_offset AS "endOffset", committed_offset AS "committedOffset"`

const sinceOf: Statement = {
  name: 'lag-samples-since',
  text: `SELECT ${columns} FROM consumer_group JOIN source ON source.group_id = consumer_group.id
    JOIN lag_sample ON lag_sample.source_id = source.id
    WHERE consumer_group.name = $1 AND at >= $2 ORDER BY at, topic, partition`,
}

const latestOf: Statement = {
  name: 'latest-lag-samples',
  text: `SELECT ${columns} FROM consumer_group JOIN source ON source.group_id = consumer_group.id
    CROSS JOIN LATERAL (SELECT * FROM lag_sample WHERE source_id = source.id ORDER BY at DESC LIMIT 1) AS newest
    ORDER BY consumer_group.name, topic, partition`,
}

export function lagSampleStore(database: Database, channel: string): LagSamples {
  return {
    write: (samples) =>
      database.transaction(async (session) => {
        // In one order everywhere: writers then wait for each other and never in a circle.
        for (const group of [...new Set(samples.map((sample) => sample.group))].sort()) {
          writeGroup(
            session,
            group,
            samples.filter((sample) => sample.group === group),
          )
        }
        notifyCommit(session, channel)
      }),
    since: ({ group, sinceMs }) => database.rows<LagSample>(sinceOf, [group, sinceMs]),
    latest: () => database.rows<LagSample>(latestOf),
  }
}

function writeGroup(session: Session, group: string, samples: LagSample[]): void {
  // Of two readings of one moment the later one counts; a statement takes a key only once.
  const readings = [...new Map(samples.map((sample) => [`${placeOf(sample)}/${sample.at}`, sample])).values()]
  const partitions = partitionsOf(samples)
  const named = [texts(partitions.map(({ topic }) => topic)), numbers(partitions.map(({ partition }) => partition))]
  session.send(addGroup, [group])
  session.send(addSources, [group, ...named])
  session.send(add, [
    group,
    texts(readings.map(({ topic }) => topic)),
    numbers(readings.map(({ partition }) => partition)),
    numbers(readings.map(({ at }) => at)),
    numbers(readings.map(({ logStartOffset }) => logStartOffset)),
    numbers(readings.map(({ endOffset }) => endOffset)),
    numbers(readings.map(({ committedOffset }) => committedOffset)),
  ])
  session.send(tidy, [
    group,
    ...named,
    numbers(partitions.map(({ firstAt }) => firstAt)),
    numbers(partitions.map(({ lastAt }) => lastAt)),
  ])
}

function placeOf({ topic, partition }: LagSample): string {
  return `${partition}/${topic}`
}

/** The partitions with the first and the last moment that was read of each. */
function partitionsOf(samples: LagSample[]) {
  const found = new Map<string, { topic: string; partition: number; firstAt: number; lastAt: number }>()
  for (const sample of samples) {
    const { topic, partition, at } = sample
    const known = found.get(placeOf(sample))
    found.set(placeOf(sample), { topic, partition, firstAt: Math.min(known?.firstAt ?? at, at), lastAt: at })
  }
  return [...found.values()]
}
