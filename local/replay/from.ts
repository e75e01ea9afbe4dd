// Where a replay begins, as its user says it: the beginning, a moment, or offsets by partition.
import { PipelineError } from '../../functions/errors.ts'
import { parseTimestamp } from '../../functions/events/timestamp.ts'

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
  const moment = parseTimestamp(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text)
  if (moment) return { kind: 'time', ms: moment.ms }
  throw new PipelineError('CONFIG_INVALID', `--from: expected earliest, an ISO time or partition:offset, got ${text}`)
}
