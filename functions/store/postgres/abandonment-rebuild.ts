// Remakes the state of abandoned carts beside the one that serves, until it has read as far, and lets it serve.
import { PipelineError } from '../../errors.ts'
import type { Incident } from '../../retail/abandonment/region.ts'
import type { AbandonmentRules } from '../../retail/abandonment/rules.ts'
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
import { readState, saveState, servingWithClocks, stateWithClocks } from './abandonment-state.ts'
import { hexBytes, numbers, storableText, texts } from './columns.ts'
import { notifyCommit } from './commit-watch.ts'
import type { Database, Session, Statement } from './database.ts'
import { idKey } from './id-key.ts'
import { claimNew, leftOutOf } from './rebuild-keeper.ts'
import { endRebuild, erasedAt, findRebuild, interruptedRebuilds, knownHashes } from './rebuilds.ts'
import { addGroup, lockGroup } from './recall.ts'

const open: Statement = {
  name: 'abandonment-rebuild-open',
  text: `WITH opened AS (
      INSERT INTO rebuild (group_id, requested_by, requested_ms, state) VALUES ($1, $2, $3, 'running') RETURNING id
    ), state AS (
      INSERT INTO abandonment_state (id, group_id, serves) OVERRIDING SYSTEM VALUE SELECT -id, $1, false FROM opened
    ) SELECT id FROM opened`,
}
const readOf: Statement = {
  name: 'abandonment-rebuild-read',
  text: `SELECT partition, min(from_offset) AS "startOffset", max(to_offset) AS "nextOffset", max(epoch) AS epochs
    FROM source JOIN accounted_range AS range ON source_id = source.id
    WHERE group_id = $1 AND topic = $2 AND epoch = (SELECT max(epoch) FROM account WHERE account.source_id = source.id)
    GROUP BY partition ORDER BY partition`,
}
const firingsIn: Statement = {
  name: 'abandonment-rebuild-firings',
  text: `SELECT stretch.partition, at_offset AS "atOffset", clock_ms AS "clockMs"
    FROM unnest($3::integer[], $4::bigint[], $5::bigint[]) AS stretch (partition, read_from, read_to)
    JOIN source ON group_id = $1 AND topic = $2 AND source.partition = stretch.partition
    JOIN abandonment_firing ON source_id = source.id AND at_offset BETWEEN read_from AND read_to`,
}
const count: Statement = {
  name: 'abandonment-rebuild-count',
  text: 'UPDATE rebuild SET events = events + $2, erased = erased + $3 WHERE id = $1',
}
const unmadeOf: Statement = {
  name: 'abandonment-rebuild-unmade',
  text: `SELECT count(*) AS unmade FROM unnest($2::text[]) AS found (id)
    WHERE NOT EXISTS (SELECT FROM abandonment_offer WHERE group_id = $1 AND offer_id = found.id)`,
}
/** What the serving state has not decided yet is for it to decide: it makes the offers. */
const isBehind: Statement = {
  name: 'abandonment-rebuild-behind',
  text: `SELECT CASE WHEN partitions IS NULL THEN shoppers > 0 ELSE EXISTS
      (SELECT FROM abandonment_shopper WHERE state_id = $1 AND look_ms < watermark_ms) END AS "isBehind"
    FROM abandonment_state WHERE id = $1`,
}
const incidentsOf: Statement = {
  name: 'abandonment-rebuild-incidents',
  text: 'SELECT incident FROM abandonment_incident WHERE state_id = $1',
}
const regionRows: Statement = {
  name: 'abandonment-rebuild-regions',
  text: 'SELECT windows FROM abandonment_region WHERE state_id = $1',
}
const removeIncidents: Statement = {
  name: 'abandonment-rebuild-remove-incidents',
  text: 'DELETE FROM abandonment_incident WHERE state_id = $1',
}
const setServing: Statement = {
  name: 'abandonment-rebuild-serve',
  text: 'UPDATE abandonment_state SET serves = $2 WHERE id = $1',
}

/** Each call is one transaction, in which the group's row is locked. */
export function abandonmentRebuild(
  database: Database,
  { clock, channel }: { clock: () => number; channel: string },
): AbandonmentRebuild {
  const end = (session: Session, id: number, state: 'finished' | 'given up') =>
    session.send(endRebuild, [id, state, clock(), numbers([leftOutOf(-2 * id)])])
  const running = <Answer>(id: number, work: (session: Session, groupId: number) => Promise<Answer>): Promise<Answer> =>
    database.transaction(async (session) => {
      const [found] = await session.rows<{ groupId: number }>(findRebuild, [id])
      if (!found) throw new PipelineError('REBUILD_GONE', `rebuild ${id} does not run any more`)
      return work(session, found.groupId)
    })
  return {
    begin: ({ group, topic, by }) =>
      database.transaction(async (session) => {
        session.send(addGroup, [group])
        const [locked] = await session.rows<{ id: number }>(lockGroup, [group])
        const groupId = locked?.id ?? 0
        const interrupted = await session.rows<{ id: number }>(interruptedRebuilds, [groupId])
        for (const { id } of interrupted) end(session, id, 'given up')
        const [opened] = await session.rows<{ id: number }>(open, [groupId, storableText(by), clock()])
        return { id: opened?.id ?? 0, read: await session.rows<ReadPartition>(readOf, [groupId, topic]) }
      }),
    add: (query, rules) =>
      running(query.id, async (session, groupId) => {
        const remade = await add(session, groupId, query, rules)
        if (remade.served) {
          end(session, query.id, 'finished')
          notifyCommit(session, channel)
        }
        return remade
      }),
    cancel: ({ id }) => running(id, async (session) => end(session, id, 'given up')),
  }
}

async function add(session: Session, groupId: number, query: Remaking, rules: AbandonmentRules): Promise<Remade> {
  const { id, topic, stretches } = query
  const [read, serving, remade] = await Promise.all([
    session.rows<ReadPartition>(readOf, [groupId, topic]),
    servingWithClocks(session, groupId),
    stateWithClocks(session, stateIdOf(id)),
  ])
  const stretchesRead = withinRead(stretches, read)
  const [claimed, firings] = await Promise.all([
    claimKnown(session, groupId, id, eventsWithin(query.events, stretchesRead)),
    firingsOf(session, groupId, topic, stretchesRead),
  ])
  const { events, unknown, isErased } = claimed
  const erased = events.filter(isErased).length
  session.send(count, [id, events.length - erased, erased])
  const state = { ...remade.state, partitions: stretches.length }
  const clocks = { ...remade.clocks, partitions: stretches.length }
  const arrived = arrive(clocks, inOrder(events, firings, isErased), rules)
  const { changes, progress } = moveOn(await readState(session, { state, clocks }, arrived), arrived, rules)
  saveState(session, changes)
  const keptUntilMs = keptBeforeMs(query.goneBeforeMs, rules)
  const found = changes.offers.filter(({ deadlineMs }) => deadlineMs >= (keptUntilMs ?? deadlineMs))
  const [[behind], [offers]] = await Promise.all([
    session.rows<{ isBehind: boolean }>(isBehind, [serving.state.id]),
    session.rows<{ unmade: number }>(unmadeOf, [groupId, texts(found.map(({ offerId }) => offerId))]),
  ])
  const isDone = isLevel(stretches, read) && !progress.isMoreDue && !behind?.isBehind
  const served = isDone ? await serve(session, serving.state, changes.state, keptUntilMs) : null
  return { added: events.length - erased, erased, unknown, unmade: offers?.unmade ?? 0, read, served }
}

/** Those that the group has stored, each the first time that it comes. */
async function claimKnown(session: Session, groupId: number, rebuildId: number, events: RemadeEvent[]) {
  const [hashes, erasures] = await Promise.all([
    session.rows<{ place: number; hash: Uint8Array }>(knownHashes, [
      groupId,
      hexBytes(events.map(({ event }) => idKey(event.event_id))),
    ]),
    session.rows<{ userId: number; ms: number }>(erasedAt, [numbers(events.map(({ event }) => event.user_id))]),
  ])
  const hashOf = new Map(hashes.map(({ place, hash }) => [place - 1, hash]))
  const known = events.filter(({ contentHash }, index) => {
    const hash = hashOf.get(index)
    return hash !== undefined && Buffer.compare(hash, contentHash) === 0
  })
  const claimed = await claimNew(
    session,
    leftOutOf(-2 * rebuildId),
    known.map(({ event }) => event),
  )
  const fresh = new Set(claimed.map(({ event_id }) => event_id))
  const erasedMs = new Map(erasures.map(({ userId, ms }) => [userId, ms]))
  return {
    // Of copies in one step the first counts: taking an id away says whether it was still there.
    events: known.filter(({ event }) => fresh.delete(event.event_id)),
    unknown: events.length - known.length,
    isErased: ({ event, recordMs }: RemadeEvent) => recordMs <= (erasedMs.get(event.user_id) ?? -1),
  }
}

function firingsOf(session: Session, groupId: number, topic: string, stretches: Stretch[]) {
  return session.rows<RecordedFiring>(firingsIn, [
    groupId,
    topic,
    numbers(stretches.map(({ partition }) => partition)),
    numbers(stretches.map(({ from }) => from)),
    numbers(stretches.map(({ to }) => to)),
  ])
}

/** Lets the new state serve, with what it takes over from the one before. */
async function serve(
  session: Session,
  before: StateRow,
  after: StateRow,
  keptUntilMs: number | null,
): Promise<RemadeState> {
  const compared = await Promise.all([before, after].map((state) => comparedState(session, state)))
  const { serving, result } = compareStates(compared[0] as ComparedState, compared[1] as ComparedState, keptUntilMs)
  session.send(removeIncidents, [after.id])
  saveState(session, {
    state: serving.state,
    incidents: serving.incidents,
    regions: serving.regions.map((region) => ({ region: region.region, windows: regionText(region) })),
    ...{ clocks: [], shoppers: [], runs: [], shoppersGone: [], regionsGone: [], offers: [] },
  })
  session.send(setServing, [before.id, false])
  session.send(setServing, [after.id, true])
  return result
}

async function comparedState(session: Session, state: StateRow): Promise<ComparedState> {
  const [incidents, regions] = await Promise.all([
    session.rows<{ incident: string }>(incidentsOf, [state.id]),
    session.rows<{ windows: string }>(regionRows, [state.id]),
  ])
  return {
    state,
    incidents: incidents.map(({ incident }) => JSON.parse(incident) as Incident),
    regions: regionsOf(regions.map(({ windows }) => windows)),
  }
}
