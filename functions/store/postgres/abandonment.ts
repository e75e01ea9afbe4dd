// Abandoned carts on Postgres: the state moves on in the transaction of its batch, and time passes where it is quiet.
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
import { type Arrival, arrive, type Firing } from '../../retail/abandonment/step.ts'
import type { Clocks } from '../../retail/abandonment/watermark.ts'
import { type AbandonmentStore, type Progress, quietMs } from '../abandonment.ts'
import { moveOn, type StateRow } from '../abandonment-state.ts'
import { addOffers } from './abandonment-offers.ts'
import { readState, saveState, servingWithClocks } from './abandonment-state.ts'
import { numbers, texts } from './columns.ts'
import { notifyCommit } from './commit-watch.ts'
import type { Database, Session, Statement } from './database.ts'
import { addGroup, addSources, lockGroup } from './recall.ts'
import { writeBatch } from './write-batch.ts'

type Writer = Pick<AbandonmentStore, 'writeBatch' | 'passTime'>

/** Each call is one transaction, in which the group's row is locked. */
export function abandonmentWriter(database: Database, options: { clock: () => number; channel: string }): Writer {
  return {
    async writeBatch(batch, rules) {
      let progress: Progress | undefined
      const result = await writeBatch(database, batch, options, async (session, { groupId, stored }) => {
        const serving = await servingWithClocks(session, groupId)
        progress = await advance(session, { ...serving, steps: stored }, { rules, ...options })
      })
      return { ...result, ...(progress as Progress) }
    },
    passTime: (query, rules) =>
      database.transaction(async (session) => {
        session.send(addGroup, [query.group])
        const [group] = await session.rows<{ id: number }>(lockGroup, [query.group])
        if (!group) throw new Error(`group ${query.group} is gone while it is locked`)
        const serving = await servingWithClocks(session, group.id)
        const state = { ...serving.state, partitions: query.partitions.length }
        const clocks = { ...serving.clocks, partitions: state.partitions }
        const steps = await raiseClocks(session, { state, clocks, query, rules })
        const progress = await advance(session, { state, clocks, steps }, { rules, ...options })
        notifyCommit(session, options.channel)
        return progress
      }),
  }
}

/** Moves the serving state on. */
async function advance(
  session: Session,
  { state, clocks, steps }: { state: StateRow; clocks: Clocks; steps: (Arrival | Firing)[] },
  { rules, clock }: { rules: AbandonmentRules; clock: () => number },
): Promise<Progress> {
  const arrived = arrive(clocks, steps, rules)
  const { changes, progress } = moveOn(await readState(session, { state, clocks }, arrived), arrived, rules)
  saveState(session, changes)
  return { ...progress, offers: await addOffers(session, state.groupId, changes.offers, clock()) }
}

const awaited: Statement = {
  name: 'abandonment-awaited',
  text: `SELECT EXISTS (SELECT FROM abandonment_incident WHERE state_id = $1 AND closed_ms IS NULL) AS "isAlert",
    (SELECT min(look_ms) FROM abandonment_shopper WHERE state_id = $1) AS "nextLookMs"`,
}
const forgetFirings: Statement = {
  name: 'abandonment-forget-firings',
  text: `DELETE FROM abandonment_firing USING source, unnest($3::integer[], $4::bigint[]) AS log (partition, log_start)
    WHERE source.group_id = $1 AND source.topic = $2 AND source.partition = log.partition
      AND abandonment_firing.source_id = source.id AND at_offset < log_start`,
}
const recordFirings: Statement = {
  name: 'abandonment-record-firings',
  text: `INSERT INTO abandonment_firing
    SELECT source.id, coalesce((SELECT max(to_offset) FROM accounted_range WHERE source_id = source.id AND epoch =
      (SELECT max(epoch) FROM account WHERE account.source_id = source.id)), 0), clock_ms
    FROM unnest($3::integer[], $4::bigint[]) AS raised (partition, clock_ms)
    JOIN source ON source.group_id = $1 AND source.topic = $2 AND source.partition = raised.partition
    ON CONFLICT (source_id, at_offset) DO UPDATE
    SET clock_ms = greatest(abandonment_firing.clock_ms, excluded.clock_ms)`,
}

interface Raising {
  state: StateRow
  clocks: Clocks
  query: Parameters<AbandonmentStore['passTime']>[0]
  rules: AbandonmentRules
}

/** Answers how time has passed on partitions that are quiet, and records it at the offset where each of them stands. */
async function raiseClocks(session: Session, { state, clocks, query, rules }: Raising): Promise<Firing[]> {
  const { group, topic } = query
  const partitions = numbers(query.partitions.map(({ partition }) => partition))
  const logStarts = numbers(query.partitions.map(({ logStartOffset }) => logStartOffset))
  session.send(forgetFirings, [state.groupId, topic, partitions, logStarts])
  const [waits] = await session.rows<{ isAlert: boolean; nextLookMs: number | null }>(awaited, [state.id])
  const waitsUntilMs = waits?.isAlert ? (state.settledMs ?? 0) + rules.windowMs : (waits?.nextLookMs ?? null)
  const firings: Firing[] = []
  for (const { partition, readToEndMs } of query.partitions) {
    const before = clocks.byPartition.get(partition)
    const isAwaited = waitsUntilMs !== null && readToEndMs !== null && readToEndMs - rules.latenessMs > waitsUntilMs
    if (isAwaited && (before === undefined || before <= readToEndMs - quietMs))
      firings.push({ partition, clockMs: readToEndMs })
  }
  if (firings.length === 0) return []
  const names = numbers(firings.map(({ partition }) => partition))
  session.send(addSources, [group, texts(firings.map(() => topic)), names])
  session.send(recordFirings, [state.groupId, topic, names, numbers(firings.map(({ clockMs }) => clockMs))])
  return firings
}
