// The rows of one abandonment state: read and written inside the transaction that moves it on.
import type { Database } from 'better-sqlite3'
import type { Region } from '../../retail/abandonment/region.ts'
import type { Horizon, Settled } from '../../retail/abandonment/settle.ts'
import type { Shopper } from '../../retail/abandonment/shopper.ts'
import type { Clocks } from '../../retail/abandonment/watermark.ts'
import { dueUsersMax } from '../abandonment.ts'
import { regionOf, regionText, shopperOf, shopperText } from '../abandonment-rows.ts'

export interface StateRow {
  id: number
  groupId: number
  partitions: number | null
  watermarkMs: number | null
  settledMs: number | null
  shoppers: number
  late: number
  decided: number
  abandoned: number
}

export interface StateRows {
  /** The group's serving state, made when it is new. */
  serving(groupId: number): StateRow
  clocks(state: StateRow): Clocks
  shopper(stateId: number, userId: number): Shopper | undefined
  /** Users of whom something may be due before the watermark, and up to where they are all. */
  due(stateId: number, watermarkMs: number): { shoppers: [number, Shopper][]; horizon: Horizon; isMoreDue: boolean }
  regions(stateId: number): Region[]
  /** Writes the counters, the clocks that changed, and all that was settled. */
  save(state: StateRow, changes: StateChanges): void
}

export interface StateChanges {
  settled: Settled
  /** When each changed user is to be looked at next. */
  lookMs: (shopper: Shopper) => number
  /** Users who had a row before. */
  known: ReadonlySet<number>
  regionsBefore: ReadonlySet<Region>
  clocks: [partition: number, clockMs: number][]
}

export function stateRows(db: Database): StateRows {
  const columns = `id, group_id AS groupId, partitions, watermark_ms AS watermarkMs, settled_ms AS settledMs, shoppers,
    late, decided, abandoned`
  const servingOf = db.prepare<[number], StateRow>(
    `SELECT ${columns} FROM abandonment_state WHERE group_id = ? AND serves = 1`,
  )
  const add = db.prepare('INSERT INTO abandonment_state (group_id, serves) VALUES (?, 1)')
  const clocksOf = db
    .prepare<[number], [partition: number, clockMs: number]>(
      'SELECT partition, clock_ms FROM abandonment_clock WHERE state_id = ?',
    )
    .raw()
  const runsOf = db
    .prepare<[number, number], string>('SELECT runs FROM abandonment_shopper WHERE state_id = ? AND user_id = ?')
    .pluck()
  const dueRows = db.prepare<[number, number], { userId: number; lookMs: number; runs: string }>(
    `SELECT user_id AS userId, look_ms AS lookMs, runs FROM abandonment_shopper
     WHERE state_id = ? AND look_ms < ? ORDER BY look_ms, user_id LIMIT ${dueUsersMax + 1}`,
  )
  const regionsOf = db
    .prepare<[number], string>('SELECT windows FROM abandonment_region WHERE state_id = ? ORDER BY region')
    .pluck()
  const save = stateSaver(db)

  return {
    serving: (groupId) => {
      if (!servingOf.get(groupId)) add.run(groupId)
      return servingOf.get(groupId) as StateRow
    },
    clocks: ({ id, partitions }) => ({ partitions, byPartition: new Map(clocksOf.all(id)) }),
    shopper(stateId, userId) {
      const runs = runsOf.get(stateId, userId)
      return runs === undefined ? undefined : shopperOf(runs)
    },
    due(stateId, watermarkMs) {
      const rows = dueRows.all(stateId, watermarkMs)
      const isMoreDue = rows.length > dueUsersMax
      const last = rows[dueUsersMax - 1]
      const horizon = isMoreDue && last ? { ms: last.lookMs, userId: last.userId } : before(watermarkMs)
      const shoppers = rows
        .slice(0, dueUsersMax)
        .map(({ userId, runs }): [number, Shopper] => [userId, shopperOf(runs)])
      return { shoppers, horizon, isMoreDue }
    },
    regions: (stateId) => regionsOf.all(stateId).map(regionOf),
    save,
  }
}

/** Everything that falls due earlier than this. */
function before(ms: number): Horizon {
  return { ms, userId: Number.NEGATIVE_INFINITY }
}

function stateSaver(db: Database): StateRows['save'] {
  const counters = db.prepare(
    `UPDATE abandonment_state SET partitions = ?, watermark_ms = ?, settled_ms = ?, shoppers = ?, late = ?, decided = ?,
     abandoned = ? WHERE id = ?`,
  )
  const setClock = db.prepare('INSERT OR REPLACE INTO abandonment_clock VALUES (?, ?, ?)')
  const setShopper = db.prepare(
    `INSERT INTO abandonment_shopper VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET look_ms = excluded.look_ms, runs = excluded.runs`,
  )
  const removeShopper = db.prepare('DELETE FROM abandonment_shopper WHERE state_id = ? AND user_id = ?')
  const setRegion = db.prepare('INSERT OR REPLACE INTO abandonment_region VALUES (?, ?, ?)')
  const removeRegion = db.prepare('DELETE FROM abandonment_region WHERE state_id = ? AND region = ?')
  const setIncident = db.prepare('INSERT OR REPLACE INTO abandonment_incident VALUES (?, ?, ?, ?, ?)')

  return function save(state, { settled, lookMs, known, regionsBefore, clocks }) {
    let { shoppers } = state
    for (const [userId, shopper] of settled.shoppers) {
      if (shopper) setShopper.run(state.id, userId, lookMs(shopper), shopperText(shopper))
      else if (known.has(userId)) removeShopper.run(state.id, userId)
      shoppers += Number(shopper !== null) - Number(known.has(userId))
    }
    const kept = new Set(settled.regions.map(({ region }) => region))
    for (const { region } of regionsBefore) if (!kept.has(region)) removeRegion.run(state.id, region)
    for (const region of settled.regions) {
      if (!regionsBefore.has(region)) setRegion.run(state.id, region.region, regionText(region))
    }
    for (const one of settled.incidents) {
      setIncident.run(state.id, one.id, one.openedMs, one.closedMs, JSON.stringify(one))
    }
    for (const [partition, clockMs] of clocks) setClock.run(state.id, partition, clockMs)
    counters.run(
      state.partitions,
      state.watermarkMs,
      settled.settledMs,
      shoppers,
      state.late,
      state.decided + settled.decided,
      state.abandoned + settled.abandoned,
      state.id,
    )
  }
}
