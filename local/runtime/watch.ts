// Tells when one of a set of source files changes.
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** An editor saves in several steps, and a branch switch touches many files: what comes this close is one change. */
const settleMs = 40

export interface SourceWatch {
  /** From now on these files count. With `neighbours`, so does every file beside them: one of them may be what was missing. */
  follow(files: string[], options?: { neighbours?: boolean }): void
  close(): void
}

/**
 * Folders are watched, not files: editors save by renaming, which a watched file does not survive.
 *
 * @param onError is told when a folder cannot be watched, for instance because the system's watches are used up.
 */
export function watchSources(onChange: () => void, onError: (message: string) => void): SourceWatch {
  const watchers = new Map<string, FSWatcher>()
  let names = new Map<string, Set<string>>()
  let neighboursCount = false
  let timer: NodeJS.Timeout | undefined

  function changed(folder: string, name: string | null): void {
    if (!neighboursCount && name !== null && !names.get(folder)?.has(name)) return
    clearTimeout(timer)
    timer = setTimeout(onChange, settleMs)
  }

  function open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => changed(folder, name))
      watcher.on('error', (error) => onError(`${folder} is no longer watched: ${error.message}`))
      watchers.set(folder, watcher)
    } catch (error) {
      onError(`${folder} cannot be watched: ${(error as Error).message}`)
    }
  }

  return {
    follow(files, { neighbours = false } = {}) {
      neighboursCount = neighbours
      names = new Map()
      for (const file of files) {
        const folder = dirname(file)
        names.set(folder, (names.get(folder) ?? new Set()).add(basename(file)))
      }
      for (const folder of names.keys()) if (!watchers.has(folder)) open(folder)
      for (const [folder, watcher] of watchers) {
        if (names.has(folder)) continue
        watcher.close()
        watchers.delete(folder)
      }
    },
    close() {
      clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}
