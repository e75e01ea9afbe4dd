// Abandoned carts on SQLite: the state moves on in the transaction of its batch, and time passes where it is quiet.
import type { Database } from 'better-sqlite3'
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
import { settle } from '../../retail/abandonment/settle.ts'
import { nextDueMs } from '../../retail/abandonment/shopper.ts'
import { type Arrival, arrive } from '../../retail/abandonment/step.ts'
import { type AbandonmentStore, type Progress, quietMs } from '../abandonment.ts'
import type { Batch, BatchResult } from '../store.ts'
import { offerRows } from './abandonment-offers.ts'
import { type StateRow, stateRows } from './abandonment-state.ts'
import { groupOf, groupStatements } from './groups.ts'
import { ledgerStatements, sourceIdOf } from './ledger.ts'
import type { BatchEffect } from './write-batch.ts'

type Written = BatchResult & Progress

/** The part of the port that moves the state; each call is one transaction. */
export interface AbandonmentWriter {
  writeBatch(batch: Batch, rules: AbandonmentRules): Written
  passTime(query: Parameters<AbandonmentStore['passTime']>[0], rules: AbandonmentRules): Progress
}

export function abandonmentWriter(
  db: Database,
  { clock, writeBatch }: { clock: () => number; writeBatch: (batch: Batch, effect: BatchEffect) => BatchResult },
): AbandonmentWriter {
  const rows = stateRows(db)
  const offers = offerRows(db)
  const raise = clockRaiser(db)
  const groups = groupStatements(db)

  /** Moves the state on by new events, and by clocks that were raised already. */
  function advance(
    state: StateRow,
    arrivals: Arrival[],
    raised: Map<number, number>,
    rules: AbandonmentRules,
  ): Progress {
    const clocks = rows.clocks(state)
    const clocksBefore = new Map(clocks.byPartition)
    for (const [partition, clockMs] of raised) clocks.byPartition.set(partition, clockMs)
    const { activities, late, watermarkMs } = arrive(clocks, arrivals, rules)
    const due = watermarkMs === null ? null : rows.due(state.id, watermarkMs)
    const shoppers = new Map(due?.shoppers)
    for (const { userId } of activities) {
      const known = shoppers.has(userId) ? undefined : rows.shopper(state.id, userId)
      if (known) shoppers.set(userId, known)
    }
    const regions = watermarkMs === null ? [] : rows.regions(state.id)
    const remembered = { shoppers, regions, settledMs: state.settledMs }
    const settled = settle(remembered, activities, due?.horizon ?? null, rules)
    rows.save(
      { ...state, watermarkMs: watermarkMs ?? state.watermarkMs, late: state.late + late },
      {
        settled,
        lookMs: (shopper) => nextDueMs(shopper, rules.abandonMs) as number,
        known: new Set(shoppers.keys()),
        regionsBefore: new Set(regions),
        clocks: [...clocks.byPartition].filter(([partition, ms]) => clocksBefore.get(partition) !== ms),
      },
    )
    const { decided, abandoned } = settled
    const isMoreDue = due?.isMoreDue ?? false
    return { watermarkMs, late, decided, abandoned, isMoreDue, offers: offers.add(state, settled.offers, clock()) }
  }

  const passTime = db.transaction((query: Parameters<AbandonmentWriter['passTime']>[0], rules: AbandonmentRules) => {
    const group = groupOf(groups, query.group)
    const state = { ...rows.serving(group.id), partitions: query.partitions.length }
    const raised = raise({ groupId: group.id, state, clocks: rows.clocks(state), query, rules })
    return advance(state, [], raised, rules)
  })

  return {
    writeBatch(batch, rules) {
      let progress: Progress | undefined
      const result = writeBatch(batch, ({ groupId, stored }) => {
        progress = advance(rows.serving(groupId), stored, new Map(), rules)
      })
      return { ...result, ...(progress as Progress) }
    },
    passTime: (query, rules) => passTime.immediate(query, rules),
  }
}

interface Raising {
  groupId: number
  state: StateRow
  clocks: { byPartition: Map<number, number> }
  query: Parameters<AbandonmentWriter['passTime']>[0]
  rules: AbandonmentRules
}

/** Answers the clocks that are raised, and records each at the offset where its partition stands. */
function clockRaiser(db: Database): (raising: Raising) => Map<number, number> {
  const sources = ledgerStatements(db)
  const endOf = db
    .prepare<[number], number | null>(
      `SELECT max(to_offset) FROM accounted_range JOIN account ON account.id = account_id
       WHERE source_id = ? AND epoch = (SELECT max(epoch) FROM account AS newest WHERE newest.source_id = account.source_id)`,
    )
    .pluck()
  const nextLook = db
    .prepare<[number], number | null>('SELECT min(look_ms) FROM abandonment_shopper WHERE state_id = ?')
    .pluck()
  const isAlert = db
    .prepare<[number], number>(
      'SELECT EXISTS (SELECT 1 FROM abandonment_incident WHERE state_id = ? AND closed_ms IS NULL)',
    )
    .pluck()
  const record = db.prepare(
    `INSERT INTO abandonment_firing VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET clock_ms = max(clock_ms, excluded.clock_ms)`,
  )
  const forget = db.prepare('DELETE FROM abandonment_firing WHERE source_id = ? AND at_offset < ?')

  return function raise({ groupId, state, clocks, query, rules }) {
    const raised = new Map<number, number>()
    const waitsUntilMs = isAlert.get(state.id) ? (state.settledMs ?? 0) + rules.windowMs : nextLook.get(state.id)
    for (const { partition, readToEndMs, logStartOffset } of query.partitions) {
      const sourceId = sourceIdOf(sources, groupId, query.topic, partition)
      forget.run(sourceId, logStartOffset)
      const before = clocks.byPartition.get(partition)
      const isAwaited = waitsUntilMs != null && readToEndMs !== null && readToEndMs - rules.latenessMs > waitsUntilMs
      if (!isAwaited || (before !== undefined && before > readToEndMs - quietMs)) continue
      record.run(sourceId, endOf.get(sourceId) ?? 0, readToEndMs)
      raised.set(partition, readToEndMs)
    }
    return raised
  }
}
