// Where a replay begins, as its user says it: the beginning, a moment, or offsets by partition.
import { parseMoment } from '../../functions/api/search/moment.ts'
import { PipelineError } from '../../functions/errors.ts'

export type From =
  | { kind: 'earliest' }
  /** The first record at or after this moment, ms. */
  | { kind: 'time'; ms: number }
  /** Partitions that are not named stay where they are. */
  | { kind: 'offsets'; offsets: ReadonlyMap<number, number> }

/**
 * Reads `earliest`, an ISO 8601 time (without a zone it is UTC; a date alone is its midnight), or
 * `partition:offset,...`.
 *
 * @throws PipelineError CONFIG_INVALID
 */
export function parseFrom(text: string): From {
  if (text === 'earliest') return { kind: 'earliest' }
  const pairs = text.split(',').map((pair) => /^(\d{1,9}):(\d{1,15})$/.exec(pair.trim()))
  if (pairs.every((pair) => pair !== null)) {
    return { kind: 'offsets', offsets: new Map(pairs.map((pair) => [Number(pair[1]), Number(pair[2])])) }
  }
  const ms = parseMoment(text)
  if (ms !== null) return { kind: 'time', ms }
  throw new PipelineError('CONFIG_INVALID', `--from: expected earliest, an ISO time or partition:offset, got ${text}`)
}
