// What a function opens at its first invocation and keeps for the next ones.

/**
 * Makes a way to what `open` opens: opened once, shared by all invocations of this execution environment. A failure is
 * not kept: an unreachable store is a fault of the world, not of this environment, and the next invocation opens anew.
 */
export function openOnce<Opened>(open: () => Promise<Opened>): () => Promise<Opened> {
  let opening: Promise<Opened> | undefined
  return () => {
    opening ??= open().catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }
}
