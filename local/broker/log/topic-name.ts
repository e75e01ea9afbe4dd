// Which names topics may have.

/** Kafka's rule for topic names (org.apache.kafka.common.internals.Topic), or null when the name is fine. */
export function nameProblem(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return 'Topic name is illegal, it must not be empty, "." or "..".'
  if (name.length > 249) return `Topic name is illegal, it must not be longer than 249 characters.`
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return 'Topic name is illegal, it contains a character other than ASCII alphanumerics, ".", "_" and "-".'
  return null
}
