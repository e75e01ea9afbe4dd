// The rows of one abandonment state: read in one round trip or two, and written without waiting.
import type { Region } from '../../retail/abandonment/region.ts'
import type { Horizon, Settled } from '../../retail/abandonment/settle.ts'
import type { Shopper } from '../../retail/abandonment/shopper.ts'
import type { Clocks } from '../../retail/abandonment/watermark.ts'
import { dueUsersMax } from '../abandonment.ts'
import { regionOf, regionText, shopperOf, shopperText } from '../abandonment-rows.ts'
import { numbers, storableText, texts } from './columns.ts'
import type { Session, Statement } from './database.ts'

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

export interface Due {
  shoppers: Map<number, Shopper>
  horizon: Horizon | null
  isMoreDue: boolean
}

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
const clocksOf: Statement = {
  name: 'abandonment-clocks',
  text: `SELECT partition, clock_ms AS "clockMs" FROM abandonment_clock
    WHERE state_id = (SELECT id FROM abandonment_state WHERE group_id = $1 AND serves)`,
}
const shoppersOf: Statement = {
  name: 'abandonment-shoppers',
  text: 'SELECT user_id AS "userId", runs FROM abandonment_shopper WHERE state_id = $1 AND user_id = ANY($2::bigint[])',
}
const dueShoppers: Statement = {
  name: 'abandonment-due',
  text: `SELECT user_id AS "userId", look_ms AS "lookMs", runs FROM abandonment_shopper
    WHERE state_id = $1 AND look_ms < $2 ORDER BY look_ms, user_id LIMIT ${dueUsersMax + 1}`,
}
const regionsOf: Statement = {
  name: 'abandonment-regions',
  text: 'SELECT windows FROM abandonment_region WHERE state_id = $1 ORDER BY region',
}

/** The group's serving state, made when it is new, with its clocks. */
export async function servingWithClocks(
  session: Session,
  groupId: number,
): Promise<{ state: StateRow; clocks: Clocks }> {
  session.send(addState, [groupId])
  const [[state], clocks] = await Promise.all([
    session.rows<StateRow>(servingState, [groupId]),
    session.rows<{ partition: number; clockMs: number }>(clocksOf, [groupId]),
  ])
  if (!state) throw new Error(`the abandonment state of group ${groupId} is gone while it is locked`)
  const byPartition = new Map(clocks.map(({ partition, clockMs }) => [partition, clockMs]))
  return { state, clocks: { partitions: state.partitions, byPartition } }
}

/** What the settling needs: the users who were active, those of whom something may be due, and the regions. */
export async function remember(
  session: Session,
  stateId: number,
  asked: { userIds: number[]; watermarkMs: number | null },
): Promise<{ due: Due; regions: Region[] }> {
  const { userIds, watermarkMs } = asked
  const [active, dueRows, regions] = await Promise.all([
    session.rows<{ userId: number; runs: string }>(shoppersOf, [stateId, numbers(userIds)]),
    watermarkMs === null
      ? []
      : session.rows<{ userId: number; lookMs: number; runs: string }>(dueShoppers, [stateId, watermarkMs]),
    watermarkMs === null ? [] : session.rows<{ windows: string }>(regionsOf, [stateId]),
  ])
  const isMoreDue = dueRows.length > dueUsersMax
  const last = dueRows[dueUsersMax - 1]
  const shoppers = new Map(
    [...active, ...dueRows.slice(0, dueUsersMax)].map(({ userId, runs }) => [userId, shopperOf(runs)]),
  )
  const horizon = isMoreDue && last ? { ms: last.lookMs, userId: last.userId } : before(watermarkMs)
  return { due: { shoppers, horizon, isMoreDue }, regions: regions.map(({ windows }) => regionOf(windows)) }
}

/** Everything that falls due earlier than this. */
function before(ms: number | null): Horizon | null {
  return ms === null ? null : { ms, userId: Number.NEGATIVE_INFINITY }
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

export interface StateChanges {
  settled: Settled
  /** When each changed user is to be looked at next. */
  lookMs: (shopper: Shopper) => number
  /** Users who had a row before. */
  known: ReadonlyMap<number, Shopper>
  regionsBefore: Region[]
  clocks: [partition: number, clockMs: number][]
}

/** Writes the counters, the clocks that changed, and all that was settled. */
export function saveState(session: Session, state: StateRow, changes: StateChanges): void {
  const { settled, clocks } = changes
  const shoppers = state.shoppers + saveShoppers(session, state.id, changes)
  saveRegions(session, state.id, changes)
  if (clocks.length > 0) {
    const [partitions, clockMs] = [clocks.map(([partition]) => partition), clocks.map(([, ms]) => ms)]
    session.send(setClocks, [state.id, numbers(partitions), numbers(clockMs)])
  }
  session.send(setCounters, [
    state.id,
    state.partitions,
    state.watermarkMs,
    settled.settledMs,
    shoppers,
    state.late,
    state.decided + settled.decided,
    state.abandoned + settled.abandoned,
  ])
}

/** Answers by how many users there are more. */
function saveShoppers(session: Session, stateId: number, { settled, lookMs, known }: StateChanges): number {
  const kept: [number, Shopper][] = []
  const gone: number[] = []
  let gained = 0
  for (const [userId, shopper] of settled.shoppers) {
    if (shopper) kept.push([userId, shopper])
    else if (known.has(userId)) gone.push(userId)
    gained += Number(shopper !== null) - Number(known.has(userId))
  }
  if (kept.length > 0) {
    // In the order of the key: writers then never wait for each other in a circle.
    kept.sort(([a], [b]) => a - b)
    const looks = numbers(kept.map(([, shopper]) => lookMs(shopper)))
    const runs = texts(kept.map(([, shopper]) => shopperText(shopper)))
    session.send(setShoppers, [stateId, numbers(kept.map(([userId]) => userId)), looks, runs])
  }
  if (gone.length > 0) session.send(removeShoppers, [stateId, numbers(gone)])
  return gained
}

function saveRegions(session: Session, stateId: number, { settled, regionsBefore }: StateChanges): void {
  const kept = new Set(settled.regions.map(({ region }) => region))
  const gone = regionsBefore.filter(({ region }) => !kept.has(region))
  const unchanged = new Set(regionsBefore)
  const changed = settled.regions.filter((region) => !unchanged.has(region))
  const { incidents } = settled
  if (gone.length > 0) session.send(removeRegions, [stateId, texts(gone.map(({ region }) => region))])
  if (changed.length > 0) {
    const names = texts(changed.map(({ region }) => storableText(region)))
    session.send(setRegions, [stateId, names, texts(changed.map(regionText))])
  }
  if (incidents.length === 0) return
  session.send(setIncidents, [
    stateId,
    texts(incidents.map(({ id }) => id)),
    numbers(incidents.map(({ openedMs }) => openedMs)),
    numbers(incidents.map(({ closedMs }) => closedMs)),
    texts(incidents.map((incident) => JSON.stringify(incident))),
  ])
}
