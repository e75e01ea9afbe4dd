// The sentences in which a sweep says what does not add up: where, and both numbers.

/** The result of comparing the account's counters with the rows that are kept. */
export interface Sweep {
  /** When the last whole pass began and ended, ms; null before the first. */
  finishedAt: number | null
  /** Sentences on what does not add up in the last whole pass; empty when all does. */
  complaints: string[]
}

interface Place {
  group: string
  topic: string
  partition: number
  epoch: number
}

/** What an account's counters said and what was found of it. */
export type AccountSums = Place & {
  stored: number
  deadLetters: number
  eventsFound: number
  deadLettersFound: number
}

export function complaintsOnCounters(sums: AccountSums[]): string[] {
  return sums.flatMap((sum) => [
    ...unequal(sum, 'events', sum.stored, sum.eventsFound),
    ...unequal(sum, 'dead letters', sum.deadLetters, sum.deadLettersFound),
  ])
}

export function complaintsOnRanges(sums: (Place & { counted: number; accounted: number })[]): string[] {
  return sums.map(
    ({ counted, accounted, ...place }) =>
      `${name(place)}: the counters add up to ${counted} records, but ${accounted} offsets are accounted`,
  )
}

function unequal(place: Place, what: string, counted: number, found: number): string[] {
  if (counted === found) return []
  return [`${name(place)}: the account says ${counted} ${what} were stored, but ${found} are there`]
}

function name({ group, topic, partition, epoch }: Place): string {
  return `${group}, ${topic} partition ${partition}${epoch > 1 ? ` (epoch ${epoch})` : ''}`
}
