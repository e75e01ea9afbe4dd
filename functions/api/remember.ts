// A reading that many may ask for and that is made once.

/** What `read` answers, kept for `keepMs`; who asks while it is being read waits for that reading. A failure is not kept. */
export function remember<T>(keepMs: number, now: () => number, read: () => Promise<T>): () => Promise<T> {
  let current: { reading: Promise<T>; untilMs: number } | undefined
  return () => {
    if (current && now() < current.untilMs) return current.reading
    const reading = read()
    const mine = { reading, untilMs: Number.POSITIVE_INFINITY }
    current = mine
    reading.then(
      () => {
        mine.untilMs = now() + keepMs
      },
      () => {
        if (current === mine) current = undefined
      },
    )
    return reading
  }
}
