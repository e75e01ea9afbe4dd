// Tells listeners that some process has committed, a few milliseconds after it did.

const pollMs = 5

export interface CommitWatch {
  /** Returns the way to stop. */
  listen(listener: () => void): () => void
  stop(): void
}

/**
 * Watches a number that every commit changes, and only while somebody listens.
 *
 * For a file that is `PRAGMA data_version` of a connection of its own: SQLite changes it with the commits of all other
 * connections, whatever process or thread they are in, and reads it from shared memory in microseconds.
 * https://www.sqlite.org/pragma.html#pragma_data_version
 */
export function watchCommits(version: () => number): CommitWatch {
  const listeners = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  let seen = 0

  function poll() {
    const now = readVersion()
    if (now === seen) return
    seen = now
    for (const listener of [...listeners]) listener()
  }

  /** A file that cannot be read just now has nothing to tell; whoever reads rows meets the error and reports it. */
  function readVersion(): number {
    try {
      return version()
    } catch {
      return seen
    }
  }

  function stop() {
    listeners.clear()
    clearInterval(timer)
    timer = undefined
  }

  return {
    listen(listener) {
      // A wrapper of its own, so that one function may listen twice and each stops by itself.
      const entry = () => listener()
      if (listeners.size === 0) {
        seen = readVersion()
        timer = setInterval(poll, pollMs)
        timer.unref()
      }
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
        if (listeners.size === 0) stop()
      }
    },
    stop,
  }
}
