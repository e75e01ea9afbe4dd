// An event's id as the bytes that its identity is kept under.

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** Half of a character, which JSON can carry ("\\ud800") and UTF-8 cannot: every one would be stored as U+FFFD. */
const halfCharacter = /\p{Surrogate}/u

/**
 * The key in hexadecimal, so that two ids have the same one only when they are the same text.
 *
 * Most ids are lower-case UUIDs: 16 bytes instead of 36. The first byte says how the rest is to be read.
 */
export function idKey(eventId: string): string {
  if (eventId.length === 36 && uuid.test(eventId)) return `00${eventId.replaceAll('-', '')}`
  if (halfCharacter.test(eventId)) return `02${Buffer.from(eventId, 'utf16le').toString('hex')}`
  return `01${Buffer.from(eventId).toString('hex')}`
}
