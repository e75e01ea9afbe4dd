// The simulated shop as Lambda runs it: started by a schedule, it sends events at an even pace for a minute.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { business } from '../business.ts'
import { readEnvironment } from '../environment.ts'
import type { Simulation } from '../events/business.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openPublisher, type Publisher } from '../kafka/publish.ts'
import type { LambdaContext, ScheduleEvent } from '../lambda/kafka-event.ts'
import { seededRandom } from '../random.ts'
import type { Pace } from './pace.ts'
import { type ProducerSummary, produce } from './produce.ts'
import { orderedStory, type Story, uniformStory } from './story.ts'

const { sample, stories }: Simulation = business.simulation

const variables = z.object({
  TOPIC: z.string().min(1),
  PRODUCER_EVENTS_PER_SECOND: z.coerce.number().positive().max(100_000),
  PRODUCER_SEED: z.string().min(1).optional(),
  /** A story instead of the even stream. */
  PRODUCER_SCENARIO: z.enum(Object.keys(stories)).optional(),
})

/** The schedule's shortest period. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
const runMs = 60_000
/** A run that starts this soon after it was due ends when the next is due, so that the two never overlap. */
const promptMs = 5000
/** For the last acknowledgements of a run, before the next is due. */
const handoverMs = 100

let publisher: Publisher | undefined
/** Without a seed, runs of this environment still tell one story. */
const ownSeed = randomUUID()

/** Answers what it sent, once its minute is over. */
export async function handler(event: Partial<ScheduleEvent>, context: LambdaContext): Promise<ProducerSummary> {
  const environment = readEnvironment(variables, process.env)
  publisher ??= openPublisher(await kafkaConfig())
  const { publish } = publisher
  const now = fineClock()
  const startMs = now()
  const pace = {
    startMs,
    endMs: endOfRun(event.time, startMs),
    eventsPerSecond: environment.PRODUCER_EVENTS_PER_SECOND,
  }
  return produce({
    story: storyOf(pace, event.time, environment),
    endMs: pace.endMs,
    now,
    sleep,
    remainingMs: () => context.getRemainingTimeInMillis(),
    publish: (messages) => publish(environment.TOPIC, messages),
    onFailure: (error) => console.warn(error.message),
  })
}

function storyOf(
  pace: Pace,
  dueTime: string | undefined,
  { PRODUCER_SEED: seed, PRODUCER_SCENARIO: scenario }: z.infer<typeof variables>,
): Story {
  if (scenario === undefined) {
    // The firing's time is part of the seed: the next minute must not repeat this one's ids.
    const random = seededRandom(seed ? `${seed} ${dueTime}` : randomUUID())
    return uniformStory(pace, (ms) => sample(random, ms))
  }
  const { startMs, endMs, eventsPerSecond } = pace
  const originMs = endMs + handoverMs - runMs
  const told = stories[scenario]?.({ seed: seed ?? ownSeed, originMs, fromMs: startMs, eventsPerSecond })
  return orderedStory(told ?? [], endMs)
}

/** A minute after the schedule's moment, or after the start where that came late: EventBridge is up to a minute late. */
export function endOfRun(dueTime: string | undefined, startMs: number): number {
  const dueMs = Date.parse(dueTime ?? '')
  const isPrompt = startMs - dueMs >= 0 && startMs - dueMs < promptMs
  return (isPrompt ? dueMs : startMs) + runMs - handoverMs
}

/** The wall clock with fractions of a millisecond; made anew for each run, since the two clocks drift apart. */
function fineClock(): () => number {
  const offsetMs = Date.now() - performance.now()
  return () => offsetMs + performance.now()
}
