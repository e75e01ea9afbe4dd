// Remakes the state of abandoned carts beside the one that serves, until it has read as far, and lets it serve.
import type { Database } from 'better-sqlite3'
import { PipelineError } from '../../errors.ts'
import type { Incident } from '../../retail/abandonment/region.ts'
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
import type { Offer } from '../../retail/abandonment/settle.ts'
import { arrive } from '../../retail/abandonment/step.ts'
import {
  type AbandonmentRebuild,
  type ComparedState,
  compareStates,
  eventsWithin,
  inOrder,
  isLevel,
  keptBeforeMs,
  type ReadPartition,
  type RecordedFiring,
  type Remade,
  type RemadeEvent,
  type RemadeState,
  type Remaking,
  type Stretch,
  stateIdOf,
  withinRead,
} from '../abandonment-rebuild.ts'
import { regionsOf, regionText } from '../abandonment-rows.ts'
import { moveOn, type StateRow } from '../abandonment-state.ts'
import { type StateRows, stateRows } from './abandonment-state.ts'
import { groupOf, groupStatements } from './groups.ts'
import { compactId, type EventIds } from './ids.ts'
import { inTurn } from './in-turn.ts'
import { leftOutOf } from './rebuild-keeper.ts'
import { rebuildEnder } from './rebuilds.ts'

/** The same, answered within the call. */
export type AbandonmentRebuilder = {
  [Name in keyof AbandonmentRebuild]: (
    ...args: Parameters<AbandonmentRebuild[Name]>
  ) => Awaited<ReturnType<AbandonmentRebuild[Name]>>
}

export function abandonmentRebuilder(
  db: Database,
  { clock, ids }: { clock: () => number; ids: EventIds },
): AbandonmentRebuilder {
  const groups = groupStatements(db)
  const rows = stateRows(db)
  const end = rebuildEnder(db, clock)
  const interrupted = db
    .prepare<[number], number>("SELECT id FROM rebuild WHERE group_id = ? AND state = 'running'")
    .pluck()
  const open = db.prepare(
    "INSERT INTO rebuild (group_id, requested_by, requested_ms, state) VALUES (?, ?, ?, 'running')",
  )
  const openState = db.prepare('INSERT INTO abandonment_state (id, group_id, serves) VALUES (?, ?, 0)')
  const running = db
    .prepare<[number], number>("SELECT group_id FROM rebuild WHERE id = ? AND state = 'running'")
    .pluck()
  const readOf = accountReader(db)
  const add = adder(db, { rows, ids, readOf })
  const close = (id: number, state: 'finished' | 'given up') => end(id, state, [leftOutOf(-2 * id)])

  function find(id: number): number {
    const groupId = running.get(id)
    if (groupId === undefined) throw new PipelineError('REBUILD_GONE', `rebuild ${id} does not run any more`)
    return groupId
  }

  const begin = inTurn(db, ({ group, topic, by }: Parameters<AbandonmentRebuild['begin']>[0]) => {
    const { id: groupId } = groupOf(groups, group)
    for (const id of interrupted.all(groupId)) close(id, 'given up')
    const id = Number(open.run(groupId, by, clock()).lastInsertRowid)
    openState.run(stateIdOf(id), groupId)
    return { id, read: readOf(groupId, topic) }
  })
  const step = inTurn(db, (query: Remaking, rules: AbandonmentRules): Remade => {
    const remade = add(find(query.id), query, rules)
    if (remade.served) close(query.id, 'finished')
    return remade
  })
  const cancel = inTurn(db, (id: number) => {
    find(id)
    close(id, 'given up')
  })
  return {
    begin: (query) => begin(query),
    add: (query, rules) => step(query, rules),
    cancel: ({ id }) => cancel(id),
  }
}

type ReadAccount = (groupId: number, topic: string) => ReadPartition[]

function accountReader(db: Database): ReadAccount {
  const read = db.prepare<[number, string], ReadPartition>(`
    SELECT partition, min(from_offset) AS startOffset, max(to_offset) AS nextOffset, account.epoch AS epochs
    FROM source JOIN account ON source_id = source.id JOIN accounted_range ON account_id = account.id
    WHERE group_id = ? AND topic = ? AND epoch = (SELECT max(epoch) FROM account AS other WHERE other.source_id = source.id)
    GROUP BY source.id ORDER BY partition`)
  return (groupId, topic) => read.all(groupId, topic)
}

interface AdderParts {
  rows: StateRows
  ids: EventIds
  readOf: ReadAccount
}

function adder(db: Database, { rows, ids, readOf }: AdderParts) {
  const claimKnown = claimer(db, ids)
  const firingsOf = firingReader(db)
  const erasedAt = db
    .prepare<[number], number | null>('SELECT max(requested_ms) FROM erasure WHERE user_id = ?')
    .pluck()
  const isErased = ({ event, recordMs }: RemadeEvent) => recordMs <= (erasedAt.get(event.user_id) ?? -1)
  const isMade = db
    .prepare<[number, string], number>('SELECT 1 FROM abandonment_offer WHERE group_id = ? AND offer_id = ?')
    .pluck()
  const firstDue = db
    .prepare<StateRow, number>(
      'SELECT 1 FROM abandonment_shopper WHERE state_id = @id AND look_ms < @watermarkMs LIMIT 1',
    )
    .pluck()
  // What the serving state has not decided yet is for it to decide: it makes the offers.
  const isBehind = (serving: StateRow) =>
    serving.partitions === null ? serving.shoppers > 0 : firstDue.get(serving) !== undefined
  const count = db.prepare('UPDATE rebuild SET events = events + ?, erased = erased + ? WHERE id = ?')
  const serve = server(db, rows)

  return (groupId: number, query: Remaking, rules: AbandonmentRules): Remade => {
    const { id, topic, stretches, goneBeforeMs } = query
    const read = readOf(groupId, topic)
    const stretchesRead = withinRead(stretches, read)
    const { events, unknown } = claimKnown(groupId, id, eventsWithin(query.events, stretchesRead))
    const erased = events.filter(isErased).length
    count.run(events.length - erased, erased, id)
    const steps = inOrder(events, firingsOf(groupId, topic, stretchesRead), isErased)
    const state = { ...(rows.one(stateIdOf(id)) as StateRow), partitions: stretches.length }
    const clocks = rows.clocks(state)
    const arrived = arrive(clocks, steps, rules)
    const { changes, progress } = moveOn(rows.read(state, clocks, arrived), arrived, rules)
    rows.save(changes)
    const keptUntilMs = keptBeforeMs(goneBeforeMs, rules)
    const isNew = ({ offerId, deadlineMs }: Offer) =>
      deadlineMs >= (keptUntilMs ?? deadlineMs) && isMade.get(groupId, offerId) === undefined
    const counts = { added: events.length - erased, erased, unknown, unmade: changes.offers.filter(isNew).length }
    const serving = rows.serving(groupId)
    const isDone = isLevel(stretches, read) && !progress.isMoreDue && !isBehind(serving)
    return { ...counts, read, served: isDone ? serve(serving, changes.state, keptUntilMs) : null }
  }
}

/** Those that the group has stored, each the first time that it comes. */
function claimer(db: Database, ids: EventIds) {
  const claim = db.prepare('INSERT INTO rebuild_id VALUES (?, ?) ON CONFLICT DO NOTHING')
  return (groupId: number, rebuildId: number, events: RemadeEvent[]) => {
    ids.begin()
    const known = events.filter(
      ({ event, contentHash }) => ids.compare(groupId, event.event_id, contentHash) === 'same',
    )
    const claimed = known.filter(
      ({ event }) => claim.run(leftOutOf(-2 * rebuildId), compactId(event.event_id)).changes === 1,
    )
    return { events: claimed, unknown: events.length - known.length }
  }
}

function firingReader(db: Database) {
  const firings = db.prepare<[number, string, number, number, number], RecordedFiring>(`
    SELECT partition, at_offset AS atOffset, clock_ms AS clockMs FROM abandonment_firing JOIN source ON source_id = source.id
    WHERE group_id = ? AND topic = ? AND partition = ? AND at_offset BETWEEN ? AND ?`)
  return (groupId: number, topic: string, stretches: Stretch[]): RecordedFiring[] =>
    stretches.flatMap(({ partition, from, to }) => firings.all(groupId, topic, partition, from, to))
}

/** Lets the new state serve, with what it takes over from the one before. */
function server(db: Database, rows: StateRows) {
  const incidentsOf = db
    .prepare<[number], string>('SELECT incident FROM abandonment_incident WHERE state_id = ?')
    .pluck()
  const regionRows = db.prepare<[number], string>('SELECT windows FROM abandonment_region WHERE state_id = ?').pluck()
  const removeIncidents = db.prepare('DELETE FROM abandonment_incident WHERE state_id = ?')
  const setServing = db.prepare('UPDATE abandonment_state SET serves = ? WHERE id = ?')
  const compared = (state: StateRow): ComparedState => ({
    state,
    incidents: incidentsOf.all(state.id).map((text) => JSON.parse(text) as Incident),
    regions: regionsOf(regionRows.all(state.id)),
  })
  return (before: StateRow, after: StateRow, keptUntilMs: number | null): RemadeState => {
    const { serving, result } = compareStates(compared(before), compared(after), keptUntilMs)
    removeIncidents.run(after.id)
    rows.save({
      state: serving.state,
      incidents: serving.incidents,
      regions: serving.regions.map((region) => ({ region: region.region, windows: regionText(region) })),
      ...{ clocks: [], shoppers: [], runs: [], shoppersGone: [], regionsGone: [], offers: [] },
    })
    setServing.run(0, before.id)
    setServing.run(1, after.id)
    return result
  }
}
