// Ids that stay the same over restarts, as a mapping's id does in AWS.
import { createHash } from 'node:crypto'

/** The same text, the same id; in the form of a UUID. */
export function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
