// The rows of abandonment states: read and written inside the transaction that moves one of them on.
import type { Database } from 'better-sqlite3'
import type { Arrived } from '../../retail/abandonment/step.ts'
import type { Clocks } from '../../retail/abandonment/watermark.ts'
import { regionsOf } from '../abandonment-rows.ts'
import { type Changes, dueUsersMax, type Known, type ShopperRow, type StateRow } from '../abandonment-state.ts'

export interface StateRows {
  /** The group's serving state, made when it is new. */
  serving(groupId: number): StateRow
  one(stateId: number): StateRow | undefined
  clocks(state: StateRow): Clocks
  /** What has to be known to move the state on by what has arrived. */
  read(state: StateRow, clocks: Clocks, arrived: Arrived): Known
  save(changes: Changes): void
}

export function stateRows(db: Database): StateRows {
  const columns = `id, group_id AS groupId, partitions, watermark_ms AS watermarkMs, settled_ms AS settledMs, shoppers,
    late, decided, abandoned`
  const servingOf = db.prepare<[number], StateRow>(
    `SELECT ${columns} FROM abandonment_state WHERE group_id = ? AND serves = 1`,
  )
  const byId = db.prepare<[number], StateRow>(`SELECT ${columns} FROM abandonment_state WHERE id = ?`)
  const add = db.prepare('INSERT INTO abandonment_state (group_id, serves) VALUES (?, 1)')
  const clocksOf = db
    .prepare<[number], [partition: number, clockMs: number]>(
      'SELECT partition, clock_ms FROM abandonment_clock WHERE state_id = ?',
    )
    .raw()
  const shopper = 'SELECT user_id AS userId, look_ms AS lookMs, runs FROM abandonment_shopper'
  const shopperOf = db.prepare<[number, number], ShopperRow>(`${shopper} WHERE state_id = ? AND user_id = ?`)
  const dueRows = db.prepare<[number, number], ShopperRow>(
    `${shopper} WHERE state_id = ? AND look_ms < ? ORDER BY look_ms, user_id LIMIT ${dueUsersMax + 1}`,
  )
  const regionRows = db
    .prepare<[number], string>('SELECT windows FROM abandonment_region WHERE state_id = ? ORDER BY region')
    .pluck()

  const activeRows = (stateId: number, userIds: ReadonlySet<number>) =>
    [...userIds].map((userId) => shopperOf.get(stateId, userId)).filter((row) => row !== undefined)

  return {
    serving: (groupId) => {
      if (!servingOf.get(groupId)) add.run(groupId)
      return servingOf.get(groupId) as StateRow
    },
    one: (stateId) => byId.get(stateId),
    clocks: ({ id, partitions }) => ({ partitions, byPartition: new Map(clocksOf.all(id)) }),
    read(state, clocks, { activities, watermarkMs }) {
      return {
        state,
        clocks,
        active: activeRows(state.id, new Set(activities.map(({ userId }) => userId))),
        due: watermarkMs === null ? [] : dueRows.all(state.id, watermarkMs),
        regions: watermarkMs === null ? [] : regionsOf(regionRows.all(state.id)),
      }
    },
    save: stateSaver(db),
  }
}

function stateSaver(db: Database): StateRows['save'] {
  const counters = db.prepare(
    `UPDATE abandonment_state SET partitions = @partitions, watermark_ms = @watermarkMs, settled_ms = @settledMs,
       shoppers = @shoppers, late = @late, decided = @decided, abandoned = @abandoned WHERE id = @id`,
  )
  const setClock = db.prepare('INSERT OR REPLACE INTO abandonment_clock VALUES (?, ?, ?)')
  const setShopper = db.prepare(
    `INSERT INTO abandonment_shopper VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET look_ms = excluded.look_ms, runs = excluded.runs`,
  )
  const setRuns = db.prepare('UPDATE abandonment_shopper SET runs = ? WHERE state_id = ? AND user_id = ?')
  const removeShopper = db.prepare('DELETE FROM abandonment_shopper WHERE state_id = ? AND user_id = ?')
  const setRegion = db.prepare('INSERT OR REPLACE INTO abandonment_region VALUES (?, ?, ?)')
  const removeRegion = db.prepare('DELETE FROM abandonment_region WHERE state_id = ? AND region = ?')
  const setIncident = db.prepare('INSERT OR REPLACE INTO abandonment_incident VALUES (?, ?, ?, ?, ?)')

  return function save({ state, clocks, shoppers, runs, shoppersGone, regions, regionsGone, incidents }) {
    const { id } = state
    for (const { userId, lookMs, runs } of shoppers) setShopper.run(id, userId, lookMs, runs)
    for (const { userId, runs: text } of runs) setRuns.run(text, id, userId)
    for (const userId of shoppersGone) removeShopper.run(id, userId)
    for (const { region, windows } of regions) setRegion.run(id, region, windows)
    for (const region of regionsGone) removeRegion.run(id, region)
    for (const one of incidents) setIncident.run(id, one.id, one.openedMs, one.closedMs, JSON.stringify(one))
    for (const [partition, clockMs] of clocks) setClock.run(id, partition, clockMs)
    counters.run(state)
  }
}
