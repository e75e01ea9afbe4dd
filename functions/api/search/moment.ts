// A moment as a person names it: an ISO 8601 time, or a date alone.
import { parseTimestamp } from '../../events/timestamp.ts'

const dateAlone = /^\d{4}-\d\d-\d\d$/

/** ms since 1970; null for what is none. Without a zone it is UTC; a date alone is its midnight. */
export function parseMoment(text: string): number | null {
  return parseTimestamp(dateAlone.test(text) ? `${text}T00:00` : text)?.ms ?? null
}
