// The store's meaning written as plainly as possible: sets instead of ranges, everything in memory. Adapters are compared with it.
import { createHash } from 'node:crypto'
import { attemptsMax } from '../redrives.ts'
import type { Account, Batch, BatchResult, Outcome, SourceRecord } from '../store.ts'

interface Epoch {
  offsets: Set<number>
  counters: BatchResult
}

export interface Letter {
  seq: number
  state: 'open' | 'resolved'
  attempts: number
}

export class StoreModel {
  readonly #ids = new Map<string, string>()
  readonly #putAside = new Set<string>()
  readonly #epochs = new Map<string, Epoch[]>()
  /** Attempts by their token: which dead letter, and whether a record of theirs came back. */
  readonly #attempts = new Map<string, { letter: Letter; isSettled: boolean }>()
  /** In the order of seq. */
  readonly letters: Letter[] = []
  /** What was stored and put aside, in the order of seq: `event_id` or `code offset`. */
  readonly rows: string[] = []

  write(batch: Batch): BatchResult {
    const result = zero()
    for (const outcome of batch.outcomes) {
      const { topic, partition, offset } = outcome.record
      const key = JSON.stringify([batch.group, topic, partition])
      const epochs = this.#epochs.get(key) ?? [newEpoch()]
      this.#epochs.set(key, epochs)
      const accounted = (epochs.at(-1) as Epoch).offsets.has(offset)
      const counter = this.#judge(outcome, accounted)
      if (accounted && counter !== 'redelivered') epochs.push(newEpoch())
      const epoch = epochs.at(-1) as Epoch
      epoch.counters[counter]++
      epoch.offsets.add(offset)
      result[counter]++
    }
    return result
  }

  /** Whether the dead letter may be sent again; then it was, with this token. */
  issue(letter: Letter, token: string): boolean {
    if (letter.state !== 'open' || letter.attempts >= attemptsMax) return false
    letter.attempts++
    this.#attempts.set(token, { letter, isSettled: false })
    return true
  }

  accounts(former: boolean): Account[] {
    return [...this.#epochs].sort(compareKeys).flatMap(([key, epochs]) => {
      const [group, topic, partition] = JSON.parse(key)
      return epochs
        .map(({ offsets, counters }, index) => {
          const [first, ...rangesAbove] = ranges(offsets)
          const [startOffset, nextOffset] = first as [number, number]
          return { group, topic, partition, epoch: index + 1, startOffset, nextOffset, rangesAbove, ...counters }
        })
        .filter((_, index) => index < epochs.length - 1 === former)
    })
  }

  #judge(outcome: Outcome, accounted: boolean): keyof BatchResult {
    const { record } = outcome
    const place = identity(record)
    if (outcome.kind !== 'noise' && accounted && this.#putAside.has(place)) return 'redelivered'
    const attempt = this.#attempts.get(record.token ?? '')
    const resolve = () => {
      if (attempt && !attempt.isSettled) Object.assign(attempt.letter, { state: 'resolved' })
      if (attempt) attempt.isSettled = true
    }
    if (outcome.kind === 'noise') {
      resolve()
      return accounted ? 'redelivered' : 'noise'
    }
    if (outcome.kind === 'event') {
      const { event_id } = outcome.event
      const content = Buffer.from(outcome.contentHash).toString('hex')
      const known = this.#ids.get(event_id)
      if (known === undefined || known === content) resolve()
      if (known === content) return accounted ? 'redelivered' : 'duplicates'
      if (known === undefined) {
        this.#ids.set(event_id, content)
        this.rows.push(event_id)
        return 'stored'
      }
    }
    if (attempt?.isSettled || this.#putAside.has(place)) return accounted ? 'redelivered' : 'duplicates'
    this.#putAside.add(place)
    if (attempt) attempt.isSettled = true
    else {
      this.rows.push(`${outcome.kind === 'event' ? 'ID_CONFLICT' : outcome.code} ${record.partition}/${record.offset}`)
      this.letters.push({ seq: this.rows.length, state: 'open', attempts: 0 })
    }
    return 'deadLetters'
  }
}

function identity({ topic, partition, offset, timestamp, value }: SourceRecord): string {
  const bytes = value && createHash('sha256').update(value).digest('hex')
  return JSON.stringify([topic, partition, offset, timestamp, bytes])
}

function ranges(offsets: Set<number>): [number, number][] {
  const found: [number, number][] = []
  for (const offset of [...offsets].sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last && last[1] === offset) last[1]++
    else found.push([offset, offset + 1])
  }
  return found
}

function compareKeys([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}

function newEpoch(): Epoch {
  return { offsets: new Set(), counters: zero() }
}

function zero(): BatchResult {
  return { stored: 0, duplicates: 0, noise: 0, deadLetters: 0, redelivered: 0 }
}
