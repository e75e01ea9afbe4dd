// A reading that many may ask for and that is made once.

/** What `read` answers, kept for `keepMs`; who asks while it is being read waits for that reading. A failure is not kept. */
export function remember<T>(keepMs: number, now: () => number, read: () => Promise<T>): () => Promise<T> {
  let current: { reading: Promise<T>; readMs: number | null } | undefined

  function isFresh(readMs: number | null): boolean {
    if (readMs === null) return true
    const ageMs = now() - readMs
    // An age below zero means that the clock was set back; nothing is kept until the old time comes again.
    return ageMs >= 0 && ageMs < keepMs
  }

  return () => {
    if (current && isFresh(current.readMs)) return current.reading
    const mine = { reading: read(), readMs: null as number | null }
    current = mine
    mine.reading.then(
      () => {
        mine.readMs = now()
      },
      () => {
        if (current === mine) current = undefined
      },
    )
    return mine.reading
  }
}
