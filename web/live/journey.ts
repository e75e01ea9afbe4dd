// A record's journey as steps to be read: when each was, and how long after the one before.
import type { Journey } from '../../functions/api/schemas/journey.ts'
import { count, span } from '../../functions/status/words.ts'

export interface Leg {
  name: string
  /** ms; null: not known, or not yet. */
  at: number | null
  /** "+3 ms" since the last step whose time is known; empty for the first of them. */
  after: string
  text: string
  state: Journey['steps'][number]['state']
}

const names: Record<Journey['steps'][number]['name'], string> = {
  produced: 'Produced',
  appended: 'In Kafka',
  delivered: 'Handed over',
  settled: 'Settled',
  counted: 'Counted',
}

export function legsOf({ steps }: Journey): Leg[] {
  let before: number | null = null
  return steps.map(({ name, at, text, state }) => {
    const moment: number | null = at === null ? null : Date.parse(at)
    const after = moment === null || before === null ? '' : later(moment - before)
    before = moment ?? before
    return { name: names[name], at: moment, after, text, state }
  })
}

/** Most steps take milliseconds, which a span would round to nothing. Clocks of two machines may disagree. */
export function later(ms: number): string {
  const sign = ms < 0 ? '−' : '+'
  const size = Math.abs(ms)
  return `${sign}${size < 1000 ? `${count(size)}\u00a0ms` : span(size)}`
}

/** Whose company it was settled in, and where it stands now; as sentences. */
export function companyOf({ batch, rollups, attempts }: Journey): string[] {
  const company: string[] = []
  if (batch) {
    const others = batch.events + batch.deadLetters - 1
    company.push(others > 0 ? `One transaction settled it with ${count(others)} others.` : 'A transaction of its own.')
  }
  if (attempts)
    company.push(
      `In flight: attempt ${count(attempts.count)}${attempts.lastError ? `, after ${attempts.lastError}` : ''}.`,
    )
  const by = (kind: 'arrival' | 'event time') => rollups.filter((each) => each.by === kind).map(({ unit }) => unit)
  if (rollups.length > 0) {
    company.push(
      `Counted in its ${by('arrival').join(', ')} by arrival, and its ${by('event time').join(', ')} by its own time.`,
    )
  }
  return company
}
