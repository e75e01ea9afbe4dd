// The rows of abandonment states: read in one round trip or two, and written without waiting.
import type { Arrived } from '../../retail/abandonment/step.ts'
import { regionsOf } from '../abandonment-rows.ts'
import { type Changes, dueUsersMax, type Known, type ShopperRow, type StateRow } from '../abandonment-state.ts'
import { numbers, texts } from './columns.ts'
import type { Session, Statement } from './database.ts'

const columns = `id, group_id AS "groupId", partitions, watermark_ms AS "watermarkMs", settled_ms AS "settledMs",
  shoppers, late, decided, abandoned`

/** Whoever writes a group's state holds the lock on its row in consumer_group. */
const addState: Statement = {
  name: 'abandonment-add',
  text: `INSERT INTO abandonment_state (group_id, serves) SELECT $1, true
    WHERE NOT EXISTS (SELECT FROM abandonment_state WHERE group_id = $1 AND serves)`,
}
const servingState: Statement = {
  name: 'abandonment-serving',
  text: `SELECT ${columns} FROM abandonment_state WHERE group_id = $1 AND serves`,
}
const stateById: Statement = {
  name: 'abandonment-state',
  text: `SELECT ${columns} FROM abandonment_state WHERE id = $1`,
}
const clocksOf = (name: string, stateId: string): Statement => ({
  name,
  text: `SELECT partition, clock_ms AS "clockMs" FROM abandonment_clock WHERE state_id = ${stateId}`,
})
const clocksOfServing = clocksOf(
  'abandonment-clocks',
  '(SELECT id FROM abandonment_state WHERE group_id = $1 AND serves)',
)
const clocksById = clocksOf('abandonment-clocks-of', '$1')
const shopper = 'SELECT user_id AS "userId", look_ms AS "lookMs", runs FROM abandonment_shopper'
const shoppersOf: Statement = {
  name: 'abandonment-shoppers',
  text: `${shopper} WHERE state_id = $1 AND user_id = ANY($2::bigint[])`,
}
const dueShoppers: Statement = {
  name: 'abandonment-due',
  text: `${shopper} WHERE state_id = $1 AND look_ms < $2 ORDER BY look_ms, user_id LIMIT ${dueUsersMax + 1}`,
}
const regionRows: Statement = {
  name: 'abandonment-regions',
  text: 'SELECT windows FROM abandonment_region WHERE state_id = $1 ORDER BY region',
}

export type StateWithClocks = Pick<Known, 'state' | 'clocks'>

/** The group's serving state, made when it is new, with its clocks. */
export function servingWithClocks(session: Session, groupId: number): Promise<StateWithClocks> {
  session.send(addState, [groupId])
  return withClocks(session, { state: servingState, clocks: clocksOfServing, id: groupId })
}

/** The state with this number, with its clocks. */
export function stateWithClocks(session: Session, stateId: number): Promise<StateWithClocks> {
  return withClocks(session, { state: stateById, clocks: clocksById, id: stateId })
}

async function withClocks(
  session: Session,
  asked: { state: Statement; clocks: Statement; id: number },
): Promise<StateWithClocks> {
  const [[state], clocks] = await Promise.all([
    session.rows<StateRow>(asked.state, [asked.id]),
    session.rows<{ partition: number; clockMs: number }>(asked.clocks, [asked.id]),
  ])
  if (!state) throw new Error(`the abandonment state of ${asked.id} is gone while its group is locked`)
  const byPartition = new Map(clocks.map(({ partition, clockMs }) => [partition, clockMs]))
  return { state, clocks: { partitions: state.partitions, byPartition } }
}

/** What has to be known to move the state on by what has arrived. */
export async function readState(
  session: Session,
  { state, clocks }: StateWithClocks,
  { activities, watermarkMs }: Arrived,
): Promise<Known> {
  const userIds = [...new Set(activities.map(({ userId }) => userId))]
  const [active, due, regions] = await Promise.all([
    session.rows<ShopperRow>(shoppersOf, [state.id, numbers(userIds)]),
    watermarkMs === null ? [] : session.rows<ShopperRow>(dueShoppers, [state.id, watermarkMs]),
    watermarkMs === null ? [] : session.rows<{ windows: string }>(regionRows, [state.id]),
  ])
  return { state, clocks, active, due, regions: regionsOf(regions.map(({ windows }) => windows)) }
}

const setCounters: Statement = {
  name: 'abandonment-counters',
  text: `UPDATE abandonment_state SET partitions = $2, watermark_ms = $3, settled_ms = $4, shoppers = $5, late = $6,
    decided = $7, abandoned = $8 WHERE id = $1`,
}
const setClocks: Statement = {
  name: 'abandonment-set-clocks',
  text: `INSERT INTO abandonment_clock SELECT $1::integer, * FROM unnest($2::integer[], $3::bigint[])
    ON CONFLICT (state_id, partition) DO UPDATE SET clock_ms = excluded.clock_ms`,
}
const setShoppers: Statement = {
  name: 'abandonment-set-shoppers',
  text: `INSERT INTO abandonment_shopper SELECT $1::integer, * FROM unnest($2::bigint[], $3::bigint[], $4::text[])
    ON CONFLICT (state_id, user_id) DO UPDATE SET look_ms = excluded.look_ms, runs = excluded.runs`,
}
const setRuns: Statement = {
  name: 'abandonment-set-runs',
  text: `UPDATE abandonment_shopper SET runs = changed.runs FROM unnest($2::bigint[], $3::text[]) AS changed (user_id, runs)
    WHERE state_id = $1 AND abandonment_shopper.user_id = changed.user_id`,
}
const removeShoppers: Statement = {
  name: 'abandonment-remove-shoppers',
  text: 'DELETE FROM abandonment_shopper WHERE state_id = $1 AND user_id = ANY($2::bigint[])',
}
const setRegions: Statement = {
  name: 'abandonment-set-regions',
  text: `INSERT INTO abandonment_region SELECT $1::integer, * FROM unnest($2::text[], $3::text[])
    ON CONFLICT (state_id, region) DO UPDATE SET windows = excluded.windows`,
}
const removeRegions: Statement = {
  name: 'abandonment-remove-regions',
  text: 'DELETE FROM abandonment_region WHERE state_id = $1 AND region = ANY($2::text[])',
}
const setIncidents: Statement = {
  name: 'abandonment-set-incidents',
  text: `INSERT INTO abandonment_incident
    SELECT $1::integer, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[])
    ON CONFLICT (state_id, id) DO UPDATE SET closed_ms = excluded.closed_ms, incident = excluded.incident`,
}

export function saveState(session: Session, changes: Changes): void {
  const { state, clocks, shoppers, runs, shoppersGone, regions, regionsGone, incidents } = changes
  const { id } = state
  if (shoppers.length > 0) {
    const looks = numbers(shoppers.map(({ lookMs }) => lookMs))
    session.send(setShoppers, [id, usersOf(shoppers), looks, texts(shoppers.map((shopper) => shopper.runs))])
  }
  if (runs.length > 0) session.send(setRuns, [id, usersOf(runs), texts(runs.map((shopper) => shopper.runs))])
  if (shoppersGone.length > 0) session.send(removeShoppers, [id, numbers(shoppersGone)])
  if (regionsGone.length > 0) session.send(removeRegions, [id, texts(regionsGone)])
  if (regions.length > 0) {
    const names = texts(regions.map(({ region }) => region))
    session.send(setRegions, [id, names, texts(regions.map(({ windows }) => windows))])
  }
  if (incidents.length > 0) {
    session.send(setIncidents, [
      id,
      texts(incidents.map((incident) => incident.id)),
      numbers(incidents.map(({ openedMs }) => openedMs)),
      numbers(incidents.map(({ closedMs }) => closedMs)),
      texts(incidents.map((incident) => JSON.stringify(incident))),
    ])
  }
  if (clocks.length > 0) {
    const [partitions, clockMs] = [clocks.map(([partition]) => partition), clocks.map(([, ms]) => ms)]
    session.send(setClocks, [id, numbers(partitions), numbers(clockMs)])
  }
  const { partitions, watermarkMs, settledMs, late, decided, abandoned } = state
  session.send(setCounters, [id, partitions, watermarkMs, settledMs, state.shoppers, late, decided, abandoned])
}

function usersOf(shoppers: { userId: number }[]): string {
  return numbers(shoppers.map(({ userId }) => userId))
}
