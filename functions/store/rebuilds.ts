// Rebuilding figures: the part of the store's port that makes a new generation of them beside the one that is served.
//
// The way of it fits any state that follows from a group's events. A generation is a number that the state's rows carry.
// From its beginning, live writes go to the served generation and to the new one; the records below the fence, which is
// where the group's account stood then, are added to the new one alone. Ids of its own let each event count once in it,
// whichever way it comes first. When all is added, the group's row names the new generation, and the old one is removed
// in small steps. What is interrupted is begun anew, and nobody has seen anything of it.
import type { EnrichedEvent } from '../events/event.ts'

export interface Rebuild {
  id: number
  /** Up to where each partition's records belong to what was there before. */
  fences: { topic: string; partition: number; nextOffset: number }[]
}

/** An event of a record below the fence, as the consumer's rules have it now. */
export interface RebuiltEvent {
  event: EnrichedEvent
  contentHash: Uint8Array
  /** The record's Kafka timestamp. */
  recordMs: number
}

/** What became of events that were added. */
export interface RebuiltCounts {
  added: number
  /** Counted already: a duplicate, or stored meanwhile. */
  again: number
  /** Of users who were erased since: left out. */
  erased: number
  /** The group has not stored them: other content, or put aside when they came. A replay is for these. */
  unknown: number
}

/** One figure that came out otherwise. */
export interface FigureDifference {
  /** Whole hours since 1970, UTC. */
  hour: number
  eventType: string
  region: string | null
  amountBucket: string
  events: { before: number; after: number }
  amountCents: { before: number; after: number }
}

export interface RebuildResult {
  /** Events that the new figures count, those included that were stored while it went on. */
  events: number
  /** Of users who were erased since. */
  erased: number
  /** Events that neither Kafka nor a row holds any more: their sums were carried over. */
  carried: { events: number; firstHour: number; lastHour: number } | null
  /** What is not explained by the above; the first hundred. */
  differences: FigureDifference[]
  /** How many there are. */
  differing: number
}

export interface Rebuilds {
  /** Opens a new generation. One that was interrupted is given up. */
  begin(query: { group: string; by: string }): Promise<Rebuild>
  /**
   * Adds events of the topic that the group has stored.
   *
   * @throws PipelineError REBUILD_GONE when another was begun, or it is finished
   */
  add(query: { id: number; events: RebuiltEvent[] }): Promise<RebuiltCounts>
  /** Adds a page of kept rows that were not in the topic. `after` goes on; null is the end. */
  addRows(query: { id: number; after: number }): Promise<{ added: number; after: number | null }>
  /** Carries over what is gone, compares, and serves the new generation: in one transaction. */
  finish(query: { id: number }): Promise<RebuildResult>
  /** Gives it up; the old figures stay. */
  cancel(query: { id: number }): Promise<void>
}

/** A rebuild that goes on, as adapters keep it: which generation is served, which is made, and what is left out of it. */
export interface RunningRebuild {
  groupId: number
  figuresId: number
  nextId: number
  leftOutId: number
  /** Counted in the new generation so far. */
  events: number
  erased: number
}

/** Kept rows that `addRows` looks at in one transaction. */
export const rowsPerStep = 2_000
