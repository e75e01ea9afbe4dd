// Keeps an answer from being larger than what there is, however often a request names the same thing.

/** Returns a function that says whether it is given a key for the first time. */
export function firstTimes(): (key: string) => boolean {
  const seen = new Set<string>()
  return (key) => {
    const before = seen.size
    return seen.add(key).size > before
  }
}
