// Remaking the state of abandoned carts from the topic: the part of its port that does it, and what is compared. Pure but
// for the port.
//
// The state is made of records in their order, so live writes cannot go to both generations, as they do with figures. A new
// state is made beside the serving one and catches up with the group instead: it takes the records that the group has
// accounted for, and time that passed at the offsets where that was recorded. In the transaction in which it has all of
// them it begins to serve. It makes no offers: those that were made have their ids, and the past is over.
import type { Incident, Region } from '../retail/abandonment/region.ts'
import type { AbandonmentRules } from '../retail/abandonment/rules.ts'
import type { Arrival, Firing } from '../retail/abandonment/step.ts'
import type { StateRow } from './abandonment-state.ts'
import type { RebuiltEvent } from './rebuilds.ts'

/** What a group has accounted for of one partition. */
export interface ReadPartition {
  partition: number
  /** Where it began. */
  startOffset: number
  /** Everything below was read. */
  nextOffset: number
  /** More than one: the topic was made anew, and records of the old one are gone. */
  epochs: number
}

export type RemadeEvent = RebuiltEvent & { partition: number; offset: number }

/** Records that were read of a partition: all that are in `[from, to)`. */
export interface Stretch {
  partition: number
  from: number
  to: number
}

export interface Remaking {
  id: number
  topic: string
  /** One for each partition of the topic. */
  stretches: Stretch[]
  /** Within each partition in the order of their offsets; those of all partitions about in the order of their time. */
  events: RemadeEvent[]
  /** Records from before this moment are gone from the topic; null: it still holds all that the group has read. */
  goneBeforeMs: number | null
}

export interface Remade {
  /** Counted in the new state. */
  added: number
  /** Of users who were erased since: left out. */
  erased: number
  /** The group has not stored them. */
  unknown: number
  /** Offers that would have been made, and were not. Nor are they now. */
  unmade: number
  /** How far the group has come; records beyond are to be given again. */
  read: ReadPartition[]
  /** The new state has all that the group has, and serves; null: it goes on. */
  served: RemadeState | null
}

type Counters = Pick<StateRow, 'late' | 'decided' | 'abandoned' | 'shoppers'>

/** How the new state differs from the one that served before. */
export interface RemadeState {
  incidents: number
  /** Incidents of an earlier time are as they were found, for the topic does not hold it; null: there is no such time. */
  keptBeforeMs: number | null
  kept: number
  /** null: there is no such incident on that side. The first hundred. */
  differences: { before: Incident | null; after: Incident | null }[]
  /** How many there are. */
  differing: number
  counters: { before: Counters; after: Counters }
}

export interface AbandonmentRebuild {
  /** Opens a new state. One that was interrupted is given up. */
  begin(query: { group: string; topic: string; by: string }): Promise<{ id: number; read: ReadPartition[] }>
  /**
   * Moves the new state on by records that the group has accounted for. As soon as it has all of them, it serves.
   *
   * @throws PipelineError REBUILD_GONE when another was begun, or it serves already
   */
  add(query: Remaking, rules: AbandonmentRules): Promise<Remade>
  /** Gives it up; the old state stays. */
  cancel(query: { id: number }): Promise<void>
}

/** The number of a new state is its rebuild's below zero, which no other state's is. */
export const stateIdOf = (rebuildId: number): number => -rebuildId

/** What time passed on a quiet partition when the group had read it up to `atOffset`. */
export type RecordedFiring = Firing & { atOffset: number }

/**
 * Events as they arrive, each after the time that had passed by then. Of an erased user no more is known than that
 * something came.
 */
export function inOrder(
  events: RemadeEvent[],
  firings: RecordedFiring[],
  isErased: (event: RemadeEvent) => boolean,
): (Arrival | Firing)[] {
  const waiting = new Map<number, RecordedFiring[]>()
  for (const firing of firings.toSorted((a, b) => b.atOffset - a.atOffset)) {
    waiting.set(firing.partition, [...(waiting.get(firing.partition) ?? []), firing])
  }
  const steps: (Arrival | Firing)[] = []
  for (const one of events) {
    const { event, partition, offset, recordMs } = one
    const before = waiting.get(partition) ?? []
    while ((before.at(-1)?.atOffset ?? Number.POSITIVE_INFINITY) <= offset) steps.push(before.pop() as RecordedFiring)
    const told = isErased(one) ? { ...event, event_type: 'view' as const } : event
    steps.push({ event: told, record: { partition, timestamp: recordMs } })
  }
  return [...steps, ...[...waiting.values()].flatMap((rest) => rest.toReversed())]
}

/** How far each stretch reaches into what the group has accounted for. */
export function withinRead(stretches: Stretch[], read: ReadPartition[]): Stretch[] {
  const ends = new Map(read.map(({ partition, nextOffset }) => [partition, nextOffset]))
  return stretches.map(({ partition, from, to }) => {
    return { partition, from, to: Math.max(from, Math.min(to, ends.get(partition) ?? 0)) }
  })
}

export function eventsWithin(events: RemadeEvent[], stretches: Stretch[]): RemadeEvent[] {
  const ends = new Map(stretches.map(({ partition, to }) => [partition, to]))
  return events.filter(({ partition, offset }) => offset < (ends.get(partition) ?? 0))
}

/** Whether the stretches end where the group has come to, or beyond. */
export function isLevel(stretches: Stretch[], read: ReadPartition[]): boolean {
  return read.every(({ partition, nextOffset }) =>
    stretches.some((stretch) => stretch.partition === partition && stretch.to >= nextOffset),
  )
}

/** Until its baseline is as long as it gets, a state that began in the middle cannot judge as one that knows the past. */
export function keptBeforeMs(goneBeforeMs: number | null, rules: AbandonmentRules): number | null {
  if (goneBeforeMs === null) return null
  const { abandonMs, latenessMs, windowMs, baselineWindows, recentWindows } = rules
  return goneBeforeMs + abandonMs + latenessMs + (baselineWindows + recentWindows) * windowMs
}

/** A state with what is compared of it. */
export interface ComparedState {
  state: StateRow
  incidents: Incident[]
  regions: Region[]
}

const differencesMax = 100

/**
 * What the new state takes over where the topic is cut off: incidents of the time before, a region whose incident of that
 * time goes on, and counters. And how the two states differ otherwise.
 */
export function compareStates(
  before: ComparedState,
  after: ComparedState,
  keptUntilMs: number | null,
): { serving: ComparedState; result: RemadeState } {
  const isKept = ({ openedMs }: Incident) => openedMs < (keptUntilMs ?? Number.NEGATIVE_INFINITY)
  const kept = before.incidents.filter(isKept)
  const incidents = [...kept, ...after.incidents.filter((incident) => !isKept(incident))]
  const goingOn = new Map(
    before.regions.flatMap((one) => (one.incident && isKept(one.incident) ? [[one.region, one] as const] : [])),
  )
  const regions = new Map([...after.regions.map((one) => [one.region, one] as const), ...goingOn])
  const differing = differencesOf(before.incidents, incidents)
  const counters =
    keptUntilMs === null ? countersOf(after.state) : { ...countersOf(before.state), shoppers: after.state.shoppers }
  return {
    serving: { state: { ...after.state, ...counters }, incidents, regions: [...regions.values()] },
    result: {
      incidents: incidents.length,
      keptBeforeMs: keptUntilMs,
      kept: kept.length,
      differences: differing.slice(0, differencesMax),
      differing: differing.length,
      counters: { before: countersOf(before.state), after: counters },
    },
  }
}

function countersOf({ late, decided, abandoned, shoppers }: StateRow): Counters {
  return { late, decided, abandoned, shoppers }
}

function differencesOf(before: Incident[], after: Incident[]): RemadeState['differences'] {
  const sides = new Map<string, { before: Incident | null; after: Incident | null }>()
  for (const one of before) sides.set(one.id, { before: one, after: null })
  for (const one of after) sides.set(one.id, { before: sides.get(one.id)?.before ?? null, after: one })
  return [...sides.values()].filter((side) => JSON.stringify(side.before) !== JSON.stringify(side.after))
}
