// Whether a dead letter is a user's, as far as its bytes can be read.

/** A dead letter is a user's when its key says so, or its value wherever that can be read. */
export function speaksOf({ key, value }: { key: Buffer | null; value: Buffer | null }, userId: number): boolean {
  const name = String(userId)
  if (key?.toString() === name) return true
  if (!value?.includes(name)) return false
  try {
    return String((JSON.parse(value.toString()) as { user_id?: unknown } | null)?.user_id) === name
  } catch {
    // It cannot be read as JSON, yet names the user's number as user_id: better one too many than one left.
    return new RegExp(`"?user_id"?\\s*[:=]\\s*"?${name}(?!\\d)`).test(value.toString('latin1'))
  }
}
