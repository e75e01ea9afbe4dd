// Bundles one of Freshet's own TypeScript entries (a command or a worker thread) to a file Node can run.
import { cachedBundle, root } from './cached-bundle.mjs'

export { root }

/**
 * Bundles `entry` (a path from the project's root) and returns the absolute path of the result.
 *
 * @throws Error with esbuild's words on the source
 */
export async function bundleEntry(entry) {
  return (await cachedBundle({ entry })).file
}
