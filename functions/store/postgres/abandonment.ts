// Abandoned carts on Postgres: the state moves on in the transaction of its batch, and time passes where it is quiet.
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
import { settle } from '../../retail/abandonment/settle.ts'
import { nextDueMs } from '../../retail/abandonment/shopper.ts'
import { type Arrival, arrive } from '../../retail/abandonment/step.ts'
import type { Clocks } from '../../retail/abandonment/watermark.ts'
import { type AbandonmentStore, type Progress, quietMs } from '../abandonment.ts'
import { addOffers } from './abandonment-offers.ts'
import { remember, type StateRow, saveState, servingWithClocks } from './abandonment-state.ts'
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
        const { state, clocks } = await servingWithClocks(session, groupId)
        progress = await advance(session, { state, clocks, arrivals: stored, raised: new Map(), rules, ...options })
      })
      return { ...result, ...(progress as Progress) }
    },
    passTime: (query, rules) =>
      database.transaction(async (session) => {
        session.send(addGroup, [query.group])
        const [group] = await session.rows<{ id: number }>(lockGroup, [query.group])
        if (!group) throw new Error(`group ${query.group} is gone while it is locked`)
        const { state, clocks } = await servingWithClocks(session, group.id)
        const counted = { ...state, partitions: query.partitions.length }
        const raised = await raiseClocks(session, { state: counted, clocks, query, rules })
        const countedClocks = { ...clocks, partitions: counted.partitions }
        const moved = { state: counted, clocks: countedClocks, arrivals: [], raised, rules, ...options }
        const progress = await advance(session, moved)
        notifyCommit(session, options.channel)
        return progress
      }),
  }
}

interface Moved {
  state: StateRow
  clocks: Clocks
  arrivals: Arrival[]
  raised: Map<number, number>
  rules: AbandonmentRules
  clock: () => number
}

/** Moves the state on by new events, and by clocks that were raised already. */
async function advance(session: Session, { state, clocks, arrivals, raised, rules, clock }: Moved): Promise<Progress> {
  const clocksBefore = new Map(clocks.byPartition)
  for (const [partition, clockMs] of raised) clocks.byPartition.set(partition, clockMs)
  const { activities, late, watermarkMs } = arrive(clocks, arrivals, rules)
  const userIds = [...new Set(activities.map(({ userId }) => userId))]
  const { due, regions } = await remember(session, state.id, { userIds, watermarkMs })
  const remembered = { shoppers: due.shoppers, regions, settledMs: state.settledMs }
  const settled = settle(remembered, activities, due.horizon, rules)
  saveState(
    session,
    { ...state, watermarkMs: watermarkMs ?? state.watermarkMs, late: state.late + late },
    {
      settled,
      lookMs: (shopper) => nextDueMs(shopper, rules.abandonMs) as number,
      known: due.shoppers,
      regionsBefore: regions,
      clocks: [...clocks.byPartition].filter(([partition, ms]) => clocksBefore.get(partition) !== ms),
    },
  )
  const offers = await addOffers(session, state.groupId, settled.offers, clock())
  const { decided, abandoned } = settled
  return { watermarkMs, late, decided, abandoned, isMoreDue: due.isMoreDue, offers }
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

/** Answers the clocks that are raised, and records each at the offset where its partition stands. */
async function raiseClocks(session: Session, { state, clocks, query, rules }: Raising): Promise<Map<number, number>> {
  const { group, topic } = query
  const partitions = numbers(query.partitions.map(({ partition }) => partition))
  const logStarts = numbers(query.partitions.map(({ logStartOffset }) => logStartOffset))
  session.send(forgetFirings, [state.groupId, topic, partitions, logStarts])
  const [waits] = await session.rows<{ isAlert: boolean; nextLookMs: number | null }>(awaited, [state.id])
  const waitsUntilMs = waits?.isAlert ? (state.settledMs ?? 0) + rules.windowMs : (waits?.nextLookMs ?? null)
  const raised = new Map<number, number>()
  for (const { partition, readToEndMs } of query.partitions) {
    const before = clocks.byPartition.get(partition)
    const isAwaited = waitsUntilMs !== null && readToEndMs !== null && readToEndMs - rules.latenessMs > waitsUntilMs
    if (isAwaited && (before === undefined || before <= readToEndMs - quietMs)) raised.set(partition, readToEndMs)
  }
  if (raised.size === 0) return raised
  const names = [...raised.keys()]
  session.send(addSources, [group, texts(names.map(() => topic)), numbers(names)])
  session.send(recordFirings, [state.groupId, topic, numbers(names), numbers([...raised.values()])])
  return raised
}
