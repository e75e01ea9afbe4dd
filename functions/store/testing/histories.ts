// Random histories of deliveries: redelivery, overlap, partial batches, replays, two consumers, topics made anew, redrives.
import fc from 'fast-check'
import type { Outcome } from '../store.ts'
import { deadLetter, event, noise } from './fixtures.ts'

const partitions = 2
const logLength = 12

type Kind = { kind: 'event'; id: number; amount: number } | { kind: 'noise' } | { kind: 'dead-letter'; value: number }
/** A record of a log; one that was sent for a dead letter has a token. */
type Logged = Kind & { token?: string }

/**
 * What happens to a group: a batch from slices of the logs, a dead letter that is sent again as other records at the end of
 * a log, or the topic is made anew with other records.
 */
export type Step =
  | { do: 'redrive'; nth: number; partition: number; copies: Kind[] }
  | { do: 'deliver'; slices: { partition: number; from: number; length: number; without: number[] }[] }
  | { do: 'make anew'; logs: Kind[][] }

// Few ids, amounts and values, so that duplicates, conflicts and equal dead letters come up all the time.
const kind: fc.Arbitrary<Kind> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('event' as const), id: fc.nat(25), amount: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'noise' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dead-letter' as const), value: fc.nat(1) }) },
)
const logs = fc.array(fc.array(kind, { minLength: logLength, maxLength: logLength }), {
  minLength: partitions,
  maxLength: partitions,
})
const slice = fc.record({
  partition: fc.nat(partitions - 1),
  from: fc.nat(logLength + 3),
  length: fc.integer({ min: 1, max: logLength + 4 }),
  without: fc.array(fc.nat(logLength - 1), { maxLength: 3 }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      slices: fc.array(slice, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('redrive' as const),
      nth: fc.nat(20),
      partition: fc.nat(partitions - 1),
      // A publish that is tried again may leave two copies; that they differ cannot be, and must do no harm.
      copies: fc.array(kind, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('make anew' as const), logs }) },
)

/** A first state of the logs and what happens then. */
export const history = fc.record({ logs, steps: fc.array(step, { minLength: 1, maxLength: 25 }) })

/** What a history asks of a store, in order. */
export type Happening =
  | { do: 'write'; outcomes: Outcome[] }
  /** `send` puts the records of the attempt with this token at the end of the log. */
  | { do: 'redrive'; nth: number; send(token: string): void }

export interface History {
  logs: Kind[][]
  steps: Step[]
}

export function* happeningsOf(past: History): Generator<Happening> {
  let logs: Logged[][] = past.logs.map((log) => [...log])
  let timesMade = 0
  for (const step of past.steps) {
    if (step.do === 'make anew') {
      logs = step.logs.map((log) => [...log])
      timesMade++
      continue
    }
    if (step.do === 'redrive') {
      const { nth, partition, copies } = step
      yield {
        do: 'redrive',
        nth,
        send: (token) => logs[partition]?.push(...copies.map((copy) => ({ ...copy, token }))),
      }
      continue
    }
    const outcomes = step.slices.flatMap(({ partition, from, length, without }) =>
      (logs[partition] as Logged[])
        .map((made, offset) => ({ made, offset }))
        .slice(from, from + length)
        .filter(({ offset }) => !without.includes(offset))
        .map(({ made, offset }) => toOutcome(made, { partition, offset, timestamp: offset + timesMade })),
    )
    yield { do: 'write', outcomes }
  }
}

function toOutcome(made: Logged, place: { partition: number; offset: number; timestamp: number }): Outcome {
  const outcome = plainOutcome(made, place)
  return made.token === undefined ? outcome : { ...outcome, record: { ...outcome.record, token: made.token } }
}

function plainOutcome(made: Kind, place: { partition: number; offset: number; timestamp: number }): Outcome {
  if (made.kind === 'noise') return noise(place)
  if (made.kind === 'dead-letter') return deadLetter(place, made.value === 0 ? null : '')
  return event(place, { event_id: `id-${made.id}`, amount: made.amount })
}
