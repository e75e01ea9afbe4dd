// Random histories of deliveries: redelivery, overlap, partial batches, replays, two consumers, topics made anew.
import fc from 'fast-check'
import type { Outcome } from '../store.ts'
import { deadLetter, event, noise } from './fixtures.ts'

const partitions = 2
const logLength = 12

type Kind = { kind: 'event'; id: number; amount: number } | { kind: 'noise' } | { kind: 'dead-letter'; value: number }

/** What happens to a group: a batch from slices of the logs, or the topic is made anew with other records. */
export type Step =
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
  from: fc.nat(logLength - 1),
  length: fc.integer({ min: 1, max: logLength }),
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
  { weight: 1, arbitrary: fc.record({ do: fc.constant('make anew' as const), logs }) },
)

/** A first state of the logs and what happens then. */
export const history = fc.record({ logs, steps: fc.array(step, { minLength: 1, maxLength: 25 }) })

/** The batches of a history, in order. */
export function* batchesOf(past: { logs: Kind[][]; steps: Step[] }): Generator<Outcome[]> {
  let { logs } = past
  let timesMade = 0
  for (const step of past.steps) {
    if (step.do === 'make anew') {
      logs = step.logs
      timesMade++
      continue
    }
    yield step.slices.flatMap(({ partition, from, length, without }) =>
      (logs[partition] as Kind[])
        .map((made, offset) => ({ made, offset }))
        .slice(from, from + length)
        .filter(({ offset }) => !without.includes(offset))
        .map(({ made, offset }) => toOutcome(made, { partition, offset, timestamp: offset + timesMade })),
    )
  }
}

function toOutcome(made: Kind, place: { partition: number; offset: number; timestamp: number }): Outcome {
  if (made.kind === 'noise') return noise(place)
  if (made.kind === 'dead-letter') return deadLetter(place, made.value === 0 ? null : '')
  return event(place, { event_id: `id-${made.id}`, amount: made.amount })
}
