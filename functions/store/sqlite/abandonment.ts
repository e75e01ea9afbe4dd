// Abandoned carts on SQLite: the state moves on in the transaction of its batch, and time passes where it is quiet.
import type { Database } from 'better-sqlite3'
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
import { type Arrival, arrive, type Firing } from '../../retail/abandonment/step.ts'
import type { Clocks } from '../../retail/abandonment/watermark.ts'
import { type AbandonmentStore, type Progress, quietMs } from '../abandonment.ts'
import { moveOn, type StateRow } from '../abandonment-state.ts'
import type { Batch, BatchResult } from '../store.ts'
import { offerRows } from './abandonment-offers.ts'
import { stateRows } from './abandonment-state.ts'
import { groupOf, groupStatements } from './groups.ts'
import { inTurn } from './in-turn.ts'
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

  function advance(state: StateRow, clocks: Clocks, steps: (Arrival | Firing)[], rules: AbandonmentRules): Progress {
    const arrived = arrive(clocks, steps, rules)
    const { changes, progress } = moveOn(rows.read(state, clocks, arrived), arrived, rules)
    rows.save(changes)
    return { ...progress, offers: offers.add(state.groupId, changes.offers, clock()) }
  }

  const passTime = inTurn(db, (query: Parameters<AbandonmentWriter['passTime']>[0], rules: AbandonmentRules) => {
    const group = groupOf(groups, query.group)
    const state = { ...rows.serving(group.id), partitions: query.partitions.length }
    const clocks = rows.clocks(state)
    return advance(state, clocks, raise({ groupId: group.id, state, clocks, query, rules }), rules)
  })

  return {
    writeBatch(batch, rules) {
      let progress: Progress | undefined
      const result = writeBatch(batch, ({ groupId, stored }) => {
        const state = rows.serving(groupId)
        progress = advance(state, rows.clocks(state), stored, rules)
      })
      return { ...result, ...(progress as Progress) }
    },
    passTime: (query, rules) => passTime(query, rules),
  }
}

interface Raising {
  groupId: number
  state: StateRow
  clocks: Clocks
  query: Parameters<AbandonmentWriter['passTime']>[0]
  rules: AbandonmentRules
}

/** Answers how time has passed on partitions that are quiet, and records it at the offset where each of them stands. */
function clockRaiser(db: Database): (raising: Raising) => Firing[] {
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
    const firings: Firing[] = []
    const waitsUntilMs = isAlert.get(state.id) ? (state.settledMs ?? 0) + rules.windowMs : nextLook.get(state.id)
    for (const { partition, readToEndMs, logStartOffset } of query.partitions) {
      const sourceId = sourceIdOf(sources, groupId, query.topic, partition)
      forget.run(sourceId, logStartOffset)
      const before = clocks.byPartition.get(partition)
      const isAwaited = waitsUntilMs != null && readToEndMs !== null && readToEndMs - rules.latenessMs > waitsUntilMs
      if (!isAwaited || (before !== undefined && before > readToEndMs - quietMs)) continue
      record.run(sourceId, endOf.get(sourceId) ?? 0, readToEndMs)
      firings.push({ partition, clockMs: readToEndMs })
    }
    return firings
  }
}
