// Rebuilds a group's figures: begun, filled, compared with those that are served, and served in their place.
import type { Database } from 'better-sqlite3'
import { PipelineError } from '../../errors.ts'
import { mergeSketch } from '../distinct-users.ts'
import { type RebuildSums, resultOf } from '../rebuild-result.ts'
import { type Rebuilds, type RebuiltCounts, type RunningRebuild, rowsPerStep } from '../rebuilds.ts'
import { groupOf, groupStatements } from './groups.ts'
import { compactId, type EventIds } from './ids.ts'
import { inTurn } from './in-turn.ts'
import { rebuildKeeper } from './rebuild-keeper.ts'
import { rollupWriter, type SummedEvent } from './rollups.ts'

/** The same, answered within the call. */
export type RebuildRows = {
  [Name in keyof Rebuilds]: (...args: Parameters<Rebuilds[Name]>) => Awaited<ReturnType<Rebuilds[Name]>>
}

export function rebuildRows(db: Database, { clock, ids }: { clock: () => number; ids: EventIds }): RebuildRows {
  const running = db.prepare<[number], RunningRebuild>(`
    SELECT group_id AS groupId, ifnull(figures_id, group_id) AS figuresId, -2 * rebuild.id AS nextId,
      -2 * rebuild.id - 1 AS leftOutId, events, erased
    FROM rebuild JOIN consumer_group ON consumer_group.id = group_id WHERE rebuild.id = ? AND state = 'running'`)
  const end = rebuildEnder(db, clock)
  function find(id: number): RunningRebuild {
    const found = running.get(id)
    if (!found) throw new PipelineError('REBUILD_GONE', `rebuild ${id} does not run any more`)
    return found
  }
  const begin = beginner(db, clock, end)
  const add = adder(db, ids)
  const addRows = rowAdder(db)
  const compare = comparer(db)
  const serve = db.prepare('UPDATE consumer_group SET figures_id = ? WHERE id = ?')

  const transaction = <Query extends { id: number }, Answer>(work: (found: RunningRebuild, query: Query) => Answer) => {
    const run = inTurn(db, (query: Query) => work(find(query.id), query))
    return (query: Query) => run(query)
  }
  return {
    begin: (query) => begin(query),
    add: transaction((found, { id, events }: Parameters<Rebuilds['add']>[0]) => add(found, id, events)),
    addRows: transaction((found, { after }: Parameters<Rebuilds['addRows']>[0]) => addRows(found, after)),
    finish: transaction((found, { id }) => {
      const result = resultOf(found, compare(found))
      serve.run(found.nextId, found.groupId)
      end(id, 'finished', [found.figuresId, found.leftOutId])
      return result
    }),
    cancel: transaction((found, { id }) => end(id, 'given up', [found.nextId, found.leftOutId])),
  }
}

type End = (id: number, state: 'finished' | 'given up', stale: number[]) => void

export function rebuildEnder(db: Database, clock: () => number): End {
  const finish = db.prepare('UPDATE rebuild SET state = ?, finished_ms = ? WHERE id = ?')
  const close = db.prepare('UPDATE consumer_group SET next_figures_id = NULL WHERE next_figures_id = -2 * ?')
  const addStale = db.prepare('INSERT INTO stale_figures VALUES (?) ON CONFLICT DO NOTHING')
  return (id, state, stale) => {
    finish.run(state, clock(), id)
    close.run(id)
    for (const figuresId of stale) addStale.run(figuresId)
  }
}

function beginner(db: Database, clock: () => number, end: End) {
  const groups = groupStatements(db)
  const interrupted = db
    .prepare<[number], number>("SELECT id FROM rebuild WHERE group_id = ? AND state = 'running'")
    .pluck()
  const add = db.prepare(
    "INSERT INTO rebuild (group_id, requested_by, requested_ms, state) VALUES (?, ?, ?, 'running')",
  )
  const open = db.prepare('UPDATE consumer_group SET next_figures_id = -2 * ? WHERE id = ?')
  const fences = db.prepare<[number], { topic: string; partition: number; nextOffset: number }>(`
    SELECT topic, partition, max(to_offset) AS nextOffset FROM source JOIN account ON source_id = source.id
    JOIN accounted_range ON account_id = account.id
    WHERE group_id = ? AND epoch = (SELECT max(epoch) FROM account AS other WHERE other.source_id = source.id)
    GROUP BY source.id ORDER BY topic, partition`)
  return inTurn(db, ({ group, by }: Parameters<Rebuilds['begin']>[0]) => {
    const { id: groupId } = groupOf(groups, group)
    for (const id of interrupted.all(groupId)) end(id, 'given up', [-2 * id, -2 * id - 1])
    const id = Number(add.run(groupId, by, clock()).lastInsertRowid)
    open.run(id, groupId)
    return { id, fences: fences.all(groupId) }
  })
}

function adder(db: Database, ids: EventIds) {
  const keeper = rebuildKeeper(db)
  const startRollups = rollupWriter(db)
  const erasedAt = db
    .prepare<[number], number | null>('SELECT max(requested_ms) FROM erasure WHERE user_id = ?')
    .pluck()
  const claimErased = db.prepare('INSERT INTO rebuild_id VALUES (?, ?) ON CONFLICT DO NOTHING')
  const countErased = db.prepare('UPDATE rebuild SET erased = erased + ? WHERE id = ?')
  return (
    { groupId, nextId, leftOutId }: RunningRebuild,
    id: number,
    events: Parameters<Rebuilds['add']>[0]['events'],
  ): RebuiltCounts => {
    ids.begin()
    const known = events.filter(
      ({ event, contentHash }) => ids.compare(groupId, event.event_id, contentHash) === 'same',
    )
    const isErased = ({ event, recordMs }: (typeof events)[number]) => recordMs <= (erasedAt.get(event.user_id) ?? -1)
    const leftOut = startRollups()
    let erased = 0
    for (const one of known.filter(isErased)) {
      if (claimErased.run(leftOutId, compactId(one.event.event_id)).changes === 0) continue
      leftOut.add(one.event)
      erased++
    }
    leftOut.write(leftOutId)
    countErased.run(erased, id)
    const kept = known.filter((one) => !isErased(one))
    const added = keeper.addNew(
      nextId,
      kept.map(({ event }) => event),
    )
    return { added, again: known.length - added - erased, erased, unknown: events.length - known.length }
  }
}

function rowAdder(db: Database) {
  const keeper = rebuildKeeper(db)
  const page = db.prepare<[number, number], SummedEvent & { event_id: string; seq: number }>(`
    SELECT seq, event_id, event_type, user_id, amount_bucket, amount_cents, event_ms, region FROM event
    WHERE group_id = ? AND seq > ? ORDER BY seq LIMIT ${rowsPerStep}`)
  return ({ groupId, nextId }: RunningRebuild, after: number): { added: number; after: number | null } => {
    const rows = page.all(groupId, after)
    return { added: keeper.addNew(nextId, rows), after: rows.at(-1)?.seq ?? null }
  }
}

/** Reads both generations side by side, and carries over what only sums remember. */
function comparer(db: Database) {
  const stored = db
    .prepare<[number], number>(
      'SELECT ifnull(sum(stored), 0) FROM account JOIN source ON source.id = source_id WHERE group_id = ?',
    )
    .pluck()
  const key = 'event_type, region, amount_bucket'
  const sides = (table: string, unit: string) => `
    SELECT ${unit} AS at, ${key}, sum(e0) AS before, sum(e1) AS after, sum(e2) AS leftOut,
      sum(c0) AS centsBefore, sum(c1) AS centsAfter, sum(c2) AS centsLeftOut
    FROM (
      SELECT ${unit}, ${key}, events AS e0, 0 AS e1, 0 AS e2, amount_cents AS c0, 0 AS c1, 0 AS c2 FROM ${table} WHERE group_id = @figuresId
      UNION ALL SELECT ${unit}, ${key}, 0, events, 0, 0, amount_cents, 0 FROM ${table} WHERE group_id = @nextId
      UNION ALL SELECT ${unit}, ${key}, 0, 0, events, 0, 0, amount_cents FROM ${table} WHERE group_id = @leftOutId
    ) GROUP BY ${unit}, ${key} HAVING before <> after + leftOut OR centsBefore <> centsAfter + centsLeftOut`
  const differing = db.prepare<[RunningRebuild], RebuildSums>(`${sides('event_hour', 'hour')} ORDER BY at, ${key}`)
  const carry = (table: string, unit: string) =>
    db.prepare(`
      INSERT INTO ${table} SELECT @nextId, at, ${key}, before - after - leftOut, centsBefore - centsAfter - centsLeftOut
      FROM (${sides(table, unit)}) WHERE before > after + leftOut
      ON CONFLICT DO UPDATE SET events = events + excluded.events, amount_cents = amount_cents + excluded.amount_cents`)
  const countHours = db.prepare(
    'INSERT OR REPLACE INTO hour_count SELECT group_id, hour, sum(events) FROM event_hour WHERE group_id = @nextId GROUP BY hour',
  )
  const carries = [carry('event_minute', 'minute'), carry('event_hour', 'hour'), countHours]
  const sketchOf = db
    .prepare<[number, number], Buffer>('SELECT sketch FROM hour_users WHERE group_id = ? AND hour = ?')
    .pluck()
  const setSketch = db.prepare('INSERT OR REPLACE INTO hour_users VALUES (?, ?, ?)')

  function carryUsers({ figuresId, nextId }: RunningRebuild, hour: number): void {
    const before = sketchOf.get(figuresId, hour)
    if (!before) return
    const sketch = new Uint8Array(before)
    const after = sketchOf.get(nextId, hour)
    if (after) mergeSketch(sketch, after)
    setSketch.run(nextId, hour, sketch)
  }

  return (found: RunningRebuild): { gone: number; sums: RebuildSums[] } => {
    const gone = (stored.get(found.groupId) ?? 0) - found.events - found.erased
    const sums = differing.all(found)
    if (gone > 0) {
      for (const statement of carries) statement.run(found)
      const hours = new Set(sums.filter(({ before, after, leftOut }) => before > after + leftOut).map(({ at }) => at))
      for (const hour of hours) carryUsers(found, hour)
    }
    return { gone, sums }
  }
}
