// Reads in one round trip what the store remembers of a batch: where its partitions stand, and which ids are known.
import type { Batch, SourceRecord } from '../store.ts'
import { hexBytes, numbers, texts } from './columns.ts'
import type { Session, Statement } from './database.ts'
import { idKey } from './id-key.ts'
import { Ledger } from './ledger.ts'
import { type Range, runsOf } from './ranges.ts'
import { hourOf } from './rollups.ts'

export const addGroup: Statement = {
  name: 'add-group',
  // NOT EXISTS first, because ON CONFLICT uses up an id each time.
  text: `INSERT INTO consumer_group (name) SELECT $1::text WHERE NOT EXISTS (SELECT FROM consumer_group WHERE name = $1::text)
    ON CONFLICT DO NOTHING`,
}

/**
 * The lock that puts the group's batches in a row. What is read after it is what the batch before it left, and numbers
 * are given in the order of commits. Other groups go on.
 */
export const lockGroup: Statement = {
  name: 'lock-group',
  text: `SELECT id, seq, coalesce(figures_id, id) AS "figuresId", next_figures_id AS "nextFiguresId"
    FROM consumer_group WHERE name = $1 FOR UPDATE`,
}

const groupId = '(SELECT id FROM consumer_group WHERE name = $1)'

/** In one order everywhere, as the lag sampler adds partitions too: writers then never wait for each other in a circle. */
export const addSources: Statement = {
  name: 'add-sources',
  text: `INSERT INTO source (group_id, topic, partition)
    SELECT ${groupId}, topic, partition FROM unnest($2::text[], $3::integer[]) AS named (topic, partition)
    WHERE NOT EXISTS (SELECT FROM source WHERE group_id = ${groupId}
      AND source.topic = named.topic AND source.partition = named.partition)
    ORDER BY topic COLLATE "C", partition ON CONFLICT DO NOTHING`,
}

const newestEpochs: Statement = {
  name: 'newest-epochs',
  text: `SELECT topic, partition, id AS "sourceId",
      coalesce((SELECT max(epoch) FROM account WHERE source_id = source.id), 1) AS epoch
    FROM unnest($2::text[], $3::integer[]) AS named (topic, partition) JOIN source USING (topic, partition)
    WHERE group_id = ${groupId}`,
}

/** For each run of offsets: the range that begins at or before it, and those that begin in it or right behind it. */
const rangesAround: Statement = {
  name: 'ranges-around',
  text: `SELECT DISTINCT source_id AS "sourceId", from_offset AS "from", to_offset AS "to"
    FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[]) AS run (topic, partition, run_from, run_to)
    JOIN source ON source.group_id = ${groupId} AND source.topic = run.topic AND source.partition = run.partition
    CROSS JOIN LATERAL (SELECT max(epoch) AS epoch FROM account WHERE source_id = source.id) AS newest
    CROSS JOIN LATERAL (
      (SELECT * FROM accounted_range AS range WHERE source_id = source.id AND range.epoch = newest.epoch
        AND from_offset <= run_from ORDER BY from_offset DESC LIMIT 1)
      UNION ALL
      SELECT * FROM accounted_range AS range WHERE source_id = source.id AND range.epoch = newest.epoch
        AND from_offset > run_from AND from_offset <= run_to
    ) AS touched`,
}

const knownIds: Statement = {
  name: 'known-ids',
  text: `SELECT ordinality AS place, content_hash AS "contentHash"
    FROM unnest($2::bytea[]) WITH ORDINALITY AS asked (id, ordinality)
    JOIN event_identity AS known ON known.group_id = ${groupId} AND known.id = asked.id`,
}

const sketchesOf: Statement = {
  name: 'sketches-of',
  text: `SELECT hour, sketch FROM hour_users WHERE hour = ANY($2::bigint[]) AND group_id =
    (SELECT coalesce(figures_id, id) FROM consumer_group WHERE name = $1)`,
}

/** What the store remembers of a batch when the group's row is locked. */
export interface Recalled {
  groupId: number
  /** The last number given in the group. */
  seq: number
  ledgerOf(record: SourceRecord): Ledger
  /** Every ledger that the batch touches, in the order of their source. */
  ledgers: Ledger[]
  /** Content hashes of the batch's ids that are known. */
  hashes: Map<string, Uint8Array>
  /** The generation of figures that is served. */
  figuresId: number
  /** One that is being built, and gets the same; see rebuilds.ts. */
  nextFiguresId: number | null
  /** Sketches of the users of the batch's hours. */
  sketches: Map<number, Uint8Array>
}

/** Locks the group until the transaction ends, and reads. Group and partitions are made when they are new. */
export async function recall(session: Session, batch: Batch): Promise<Recalled> {
  const partitions = partitionsOf(batch)
  const named = [batch.group, texts(partitions.map(({ topic }) => topic)), numbers(partitions.map((p) => p.partition))]
  const runs = partitions.flatMap((place) => runsOf(place.offsets).map((run) => ({ ...place, ...run })))
  const ids = [
    ...new Set(batch.outcomes.flatMap((outcome) => (outcome.kind === 'event' ? outcome.event.event_id : []))),
  ]

  const hours = [
    ...new Set(batch.outcomes.flatMap((outcome) => (outcome.kind === 'event' ? hourOf(outcome.event) : []))),
  ]

  session.send(addGroup, [batch.group])
  const [groups, , epochs, ranges, known, sketches] = await Promise.all([
    session.rows<GroupRow>(lockGroup, [batch.group]),
    session.rows(addSources, named),
    session.rows<{ topic: string; partition: number; sourceId: number; epoch: number }>(newestEpochs, named),
    session.rows<Range & { sourceId: number }>(rangesAround, [
      batch.group,
      texts(runs.map(({ topic }) => topic)),
      numbers(runs.map(({ partition }) => partition)),
      numbers(runs.map(({ from }) => from)),
      numbers(runs.map(({ to }) => to)),
    ]),
    session.rows<{ place: number; contentHash: Uint8Array }>(knownIds, [batch.group, hexBytes(ids.map(idKey))]),
    session.rows<{ hour: number; sketch: Uint8Array }>(sketchesOf, [batch.group, numbers(hours)]),
  ])
  const [group] = groups
  if (!group) throw new Error(`group ${batch.group} is gone while it is locked`)

  const ledgers = new Map<string, Ledger>()
  for (const { topic, partition, sourceId, epoch } of epochs) {
    const stored = ranges.filter((range) => range.sourceId === sourceId)
    ledgers.set(`${partition}/${topic}`, new Ledger(sourceId, epoch, stored, batch))
  }
  return {
    groupId: group.id,
    seq: group.seq,
    figuresId: group.figuresId,
    nextFiguresId: group.nextFiguresId,
    ledgerOf: ({ topic, partition }) => ledgers.get(`${partition}/${topic}`) as Ledger,
    ledgers: [...ledgers.values()].sort((a, b) => a.sourceId - b.sourceId),
    hashes: new Map(known.map(({ place, contentHash }) => [ids[place - 1] as string, contentHash])),
    sketches: new Map(sketches.map(({ hour, sketch }) => [hour, sketch])),
  }
}

type GroupRow = Pick<Recalled, 'seq' | 'figuresId' | 'nextFiguresId'> & { id: number }

interface Partition {
  topic: string
  partition: number
  offsets: number[]
}

function partitionsOf(batch: Batch): Partition[] {
  const found = new Map<string, Partition>()
  for (const { record } of batch.outcomes) {
    const key = `${record.partition}/${record.topic}`
    const known = found.get(key)
    if (known) known.offsets.push(record.offset)
    else found.set(key, { topic: record.topic, partition: record.partition, offsets: [record.offset] })
  }
  return [...found.values()]
}
