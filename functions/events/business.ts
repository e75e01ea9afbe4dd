// What a business says of its events; the rest of the pipeline is the same for each. `functions/business.ts` names the one there is.
import type { z } from 'zod'
import type { Random } from '../random.ts'
import type { EnrichedEvent, Enrichment, ValidEvent } from './event.ts'

export interface Business<Variables extends z.ZodRawShape = z.ZodRawShape> {
  /** Its values of `rules` in `infra/pipeline.ts`, as a function finds them in its environment. */
  variables: Variables
  rulesOf(values: z.infer<z.ZodObject<Variables>>): BusinessRules
  simulation: Simulation
  /** What the pipeline's fields stand for here: the API's description of itself says it. */
  words: Record<
    Exclude<keyof ValidEvent | keyof Enrichment, 'event_id' | 'timestamp' | 'extra' | 'event_ms' | 'amount_cents'>,
    string
  >
}

export interface BusinessRules {
  /** What is accepted, and the event it becomes. Fields that it requires and that are not there have a code of their own. */
  schema: z.ZodType<EnrichedEvent>
  /** Not business, by what it calls itself: decided before anything is required of the rest. */
  isNoise(value: unknown): boolean
  /** A valid event that is none of the business either. */
  isTest(event: EnrichedEvent): boolean
  /** Types whose amounts are revenue. */
  revenueTypes: readonly string[]
}

/** All that decides what becomes of a record. */
export interface EventRules extends BusinessRules {
  /** Milliseconds that an event may be stamped ahead of its record, or of the clock. */
  futureMsMax: number
  /** Levels of nesting. */
  depthMax: number
}

/** The business played by chance. */
export interface Simulation {
  /** An event of the moment `atMs`, which may have a fraction. */
  sample(random: Random, atMs: number): Sample
  /** Stories instead, by their names in `scenarios` of `infra/pipeline.ts`. */
  stories: Record<string, (options: StoryOptions) => Iterable<Told>>
}

export interface Sample {
  /** The record's key. */
  key: string
  event: object
}

/** An event of a story, at its moment. They come in order, without an end. */
export interface Told {
  dueMs: number
  sample: Sample
}

export interface StoryOptions {
  /** Runs that follow each other under one seed tell one story. */
  seed: string
  /** When the story begins. */
  originMs: number
  /** The first moment that is told. */
  fromMs: number
  /** On average. */
  eventsPerSecond: number
}
